-- For Neovim 0.11 and newer, without the plugin: vim.lsp.enable('atlas')
return {
  cmd = { 'atlas-lsp' },
  filetypes = { 'python' },
  root_markers = { 'pyproject.toml', 'setup.py', '.git' },
  init_options = vim.empty_dict(),
}
