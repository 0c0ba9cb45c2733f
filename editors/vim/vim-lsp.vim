" Atlas with vim-lsp.
set updatetime=300
let g:lsp_work_done_progress_enabled = 1
augroup atlas
  autocmd!
  autocmd User lsp_setup call lsp#register_server({
  \ 'name': 'atlas',
  \ 'cmd': ['atlas-lsp'],
  \ 'allowlist': ['python'],
  \ 'initialization_options': {'apply': 'offer', 'hover': v:false},
  \})
augroup END
