" Atlas in Vim 9 with ALE: :AtlasSolve, :AtlasRepair, :AtlasTests, :AtlasApply, :AtlasCancel, :AtlasStop.
" No logic lives here: every decision about a text is the server's.
let g:atlas_command = get(g:, 'atlas_command', ['atlas-lsp'])
let g:atlas_options = get(g:, 'atlas_options', {})

function! s:Root(buffer) abort
  let l:found = findfile('pyproject.toml', fnamemodify(bufname(a:buffer), ':p:h') . ';')
  return empty(l:found) ? fnamemodify(bufname(a:buffer), ':p:h') : fnamemodify(l:found, ':p:h')
endfunction

call ale#linter#Define('python', {
\ 'name': 'atlas',
\ 'lsp': 'stdio',
\ 'executable': g:atlas_command[0],
\ 'command': '%e ' . join(map(g:atlas_command[1:], 'shellescape(v:val)')),
\ 'project_root': function('s:Root'),
\ 'initialization_options': g:atlas_options,
\})

" The action at the cursor whose command or title fits; you choose where there are several.
function! s:Take(wanted, data, items) abort
  let l:found = []
  for [l:kind, l:item] in a:items
    let l:command = type(get(l:item, 'command')) == v:t_dict ? l:item.command.command : ''
    if l:kind is# 'lsp' && (l:command is# a:wanted || l:item.title =~# a:wanted)
      call add(l:found, l:item)
    endif
  endfor
  if empty(l:found)
    let g:atlas_missed = get(g:, 'atlas_missed', 0) + 1
    echomsg 'atlas: nothing of that kind here'
    return
  endif
  let l:titles = map(copy(l:found), '(v:key + 1) . ". " . v:val.title')
  let l:number = len(l:found) == 1 ? 1 : inputlist(['Atlas'] + l:titles)
  if l:number >= 1 && l:number <= len(l:found)
    let g:atlas_connection = a:data.connection_id
    call ale#codefix#ApplyLSPCodeAction(a:data, l:found[l:number - 1])
  endif
endfunction

function! s:Command(name) abort
  if exists('g:atlas_connection')
    call ale#lsp#Send(g:atlas_connection, ale#lsp#message#ExecuteCommand(a:name, []))
  endif
endfunction

command! AtlasSolve call ale#codefix#Execute(0, function('s:Take', ['atlas.solve']))
command! AtlasRepair call ale#codefix#Execute(0, function('s:Take', ['atlas.repair']))
command! AtlasTests call ale#codefix#Execute(0, function('s:Take', ['atlas.tests']))
command! AtlasApply call ale#codefix#Execute(0, function('s:Take', ['^Atlas: \(apply\|add\)']))
command! AtlasCancel call s:Command('atlas.cancel')
command! AtlasStop call s:Command('atlas.stop')
