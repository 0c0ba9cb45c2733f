" Atlas in Vim 9 with ALE: :AtlasSolve, :AtlasRepair, :AtlasTests, :AtlasApply, :AtlasDiff,
" :AtlasEvidence, :AtlasCheck, :AtlasCancel, :AtlasStop; AtlasStatus() for a status line.
" No logic lives here: every decision about a text is the server's.
let g:atlas_command = get(g:, 'atlas_command', ['atlas-lsp'])
let g:atlas_options = get(g:, 'atlas_options', {})
" ALE shows a server's errors only, unless told otherwise: our ends of jobs are no errors.
let g:ale_lsp_show_message_severity = get(g:, 'ale_lsp_show_message_severity', 'information')
let s:status = ''
let s:waiting = {}
let s:messages = []

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

" For a status line: %{AtlasStatus()}
function! AtlasStatus() abort
  return s:status
endfunction

" What a command answers; ALE forgets it otherwise.
function! s:Answered(connection, message) abort
  if get(a:message, 'method', '') is# 'window/showMessage'
    call add(s:messages, substitute(a:message.params.message, '^atlas: ', '', ''))
  endif
  let l:id = get(a:message, 'id', 0)
  if has_key(s:waiting, l:id)
    call remove(s:waiting, l:id)(get(a:message, 'result', v:null))
  endif
endfunction

" What the server said, whole: ALE echoes it once.
function! AtlasMessages() abort
  return s:messages
endfunction

function! s:Ask(name, arguments, Done) abort
  call ale#lsp#RegisterCallback(g:atlas_connection, function('s:Answered'))
  let l:message = ale#lsp#message#ExecuteCommand(a:name, a:arguments)
  let s:waiting[ale#lsp#Send(g:atlas_connection, l:message)] = a:Done
endfunction

function! s:Poll(...) abort
  call s:Ask('atlas.jobs', [], function('s:Jobs'))
endfunction

function! s:Jobs(jobs) abort
  let l:jobs = type(a:jobs) == v:t_list ? a:jobs : []
  let s:status = empty(l:jobs) ? '' : 'Atlas: ' . l:jobs[0].function . ': ' . l:jobs[0].does
  if !empty(l:jobs)
    call timer_start(1000, function('s:Poll'))
  endif
  redrawstatus
endfunction

" The action at the cursor whose command or title fits; you choose where there are several.
function! s:Take(wanted, Use, data, items) abort
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
    call a:Use(a:data, l:found[l:number - 1])
  endif
endfunction

function! s:Start(data, item) abort
  call ale#lsp#RegisterCallback(g:atlas_connection, function('s:Answered'))
  echomsg substitute(a:item.title, '^Atlas: ', 'atlas: started: ', '')
  call ale#codefix#ApplyLSPCodeAction(a:data, a:item)
  " Asked behind the start, so that even the shortest job is seen.
  call s:Poll()
endfunction

" One text of the result for the function at the cursor, in a window beside.
function! s:Show(text, filetype, data, item) abort
  let l:arguments = a:item.command.arguments[:1]
  call s:Ask('atlas.result', l:arguments, function('s:Open', [a:text, a:filetype]))
endfunction

function! s:Open(text, filetype, answer) abort
  let l:text = type(a:answer) == v:t_dict ? a:answer[a:text] : v:null
  if type(l:text) != v:t_string || empty(l:text)
    echomsg 'atlas: there is nothing to show; solve it first'
    return
  endif
  vertical rightbelow new
  setlocal buftype=nofile bufhidden=wipe noswapfile nobuflisted
  call setline(1, split(l:text, "\n"))
  let &l:filetype = a:filetype
  setlocal nomodifiable readonly
  nnoremap <buffer> <nowait> q <Cmd>close<CR>
endfunction

function! s:Check(data, items) abort
  if !has_key(a:data, 'connection_id')
    echomsg 'atlas: put the cursor in a function'
    return
  endif
  let g:atlas_connection = a:data.connection_id
  let l:uri = ale#util#ToURI(expand('#' . a:data.buffer . ':p'))
  call s:Ask('atlas.check', [l:uri], function('s:Checks'))
endfunction

function! s:Checks(runs) abort
  echomsg 'atlas: ' . (a:runs is v:true ? 'running the examples of this file' : 'examples are not run here')
endfunction

function! s:Ended(word, n) abort
  echomsg 'atlas: ' . (a:n ? a:word . ' ' . a:n . (a:n == 1 ? ' job' : ' jobs') : 'nothing runs')
endfunction

function! s:End(name, word) abort
  if !exists('g:atlas_connection')
    echomsg 'atlas: nothing runs'
    return
  endif
  call s:Ask(a:name, [], function('s:Ended', [a:word]))
endfunction

function! s:At(wanted, Use) abort
  call ale#codefix#Execute(0, function('s:Take', [a:wanted, a:Use]))
endfunction

let s:Edit = function('ale#codefix#ApplyLSPCodeAction')
command! AtlasSolve call s:At('atlas.solve', function('s:Start'))
command! AtlasRepair call s:At('atlas.repair', function('s:Start'))
command! AtlasTests call s:At('atlas.tests', function('s:Start'))
command! AtlasApply call s:At('^Atlas: \(apply\|add\)', s:Edit)
command! AtlasEvidence call s:At('atlas.evidence', function('s:Show', ['markdown', 'markdown']))
command! AtlasDiff call s:At('atlas.evidence', function('s:Show', ['diff', 'diff']))
command! AtlasCheck call ale#codefix#Execute(0, function('s:Check'))
command! AtlasMessages echo join(AtlasMessages(), "\n")
command! AtlasCancel call s:End('atlas.cancel', 'cancelled')
command! AtlasStop call s:End('atlas.stop', 'stopped')
