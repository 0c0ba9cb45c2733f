" Plays one scene with editors/vim/atlas.vim on ALE; what is needed comes in the environment.
set nocompatible encoding=utf-8 hidden
set runtimepath+=/usr/share/vim-ale
filetype plugin on
let g:ale_lint_on_text_changed = 'never'
let g:ale_lint_on_enter = 0
let g:ale_linters_explicit = 1
let g:ale_linters = {'python': ['atlas']}
runtime! plugin/ale.vim
let g:atlas_command = [$CLIENT_PYTHON, '-m', 'atlas_lsp']
let g:atlas_options = {'apply': 'auto'}
execute 'source ' . $ATLAS_ROOT . '/editors/vim/atlas.vim'

function! Wait(what, Condition) abort
  let l:end = reltimefloat(reltime()) + 300
  while !a:Condition()
    if reltimefloat(reltime()) > l:end
      call writefile([a:what], $ATLAS_OUT . '.failed')
      cquit 8
    endif
    sleep 50m
  endwhile
endfunction

execute 'edit ' . $ATLAS_FILE
set filetype=python
call search('^def ')
execute get({'repair': 'AtlasRepair', 'tests': 'AtlasTests'}, $ATLAS_SCENE, 'AtlasSolve')
call Wait('the job', { -> exists('g:atlas_connection') })
call append(0, '# typed 🚀 during the job')
call Wait('the status line', { -> AtlasStatus() =~# '^Atlas: ' })
if $ATLAS_SCENE ==# 'cancel'
  AtlasCancel
  call Wait('the answer to cancel', { -> execute('messages') =~# 'cancelled 1 job' })
endif
call Wait('its end', { -> AtlasStatus() is# '' })
if $ATLAS_SCENE !=# 'cancel'
  let g:before = getline(1, '$')
  if $ATLAS_SCENE ==# 'solve' || $ATLAS_SCENE ==# 'repair'
    let g:file = bufnr('%')
    call search('^def ', 'w')
    AtlasDiff
    call Wait('the diff', { -> bufnr('%') != g:file })
    call writefile(getline(1, '$'), $ATLAS_OUT . '.diff')
    normal q
    AtlasEvidence
    call Wait('the evidence', { -> bufnr('%') != g:file })
    call writefile(getline(1, '$'), $ATLAS_OUT . '.md')
    normal q
    AtlasCheck
    call Wait('the check', { -> execute('messages') =~# 'running the examples' })
  endif
  call search('^def ', 'w')
  AtlasApply
  call Wait('the edit', { -> getline(1, '$') != g:before })
endif
call writefile(split(execute('messages'), "\n") + AtlasMessages(), $ATLAS_OUT . '.messages')
call writefile(getline(1, '$'), $ATLAS_OUT)
call ale#lsp#StopAll()
qall!
