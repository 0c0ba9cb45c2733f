hook -group atlas global BufSetOption filetype=python %{
    set-option -add buffer lsp_servers %{
        [atlas]
        root_globs = ["pyproject.toml", ".git"]
        command = "atlas-lsp"
        settings_section = "atlas"
        [atlas.settings.atlas]
        apply = "offer"
    }
}
