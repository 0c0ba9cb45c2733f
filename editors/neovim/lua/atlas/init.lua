-- Atlas for Neovim 0.7 and newer: starts the server, adds the :Atlas... commands.
-- No logic lives here: every decision about a text is the server's.
local M = { status = '', options = {}, messages = {} }

local defaults = {
  cmd = { 'atlas-lsp' },
  filetypes = { 'python' },
  root_markers = { 'pyproject.toml', 'setup.py', '.git' },
  init_options = vim.empty_dict(),
}
local KIND = 'refactor.rewrite.atlas.'
local LEVELS = { vim.log.levels.ERROR, vim.log.levels.WARN, vim.log.levels.INFO, vim.log.levels.INFO }

-- What would not fit on the command line stops the editor at a prompt: it is cut there, and whole
-- in :AtlasMessages.
local function say(text, level)
  text = text:gsub('^atlas: ', '')
  table.insert(M.messages, text)
  local room = vim.o.columns - 20
  local shown = vim.fn.strchars(text) > room and vim.fn.strcharpart(text, 0, room) .. '…' or text
  vim.notify('atlas: ' .. shown, level or vim.log.levels.INFO)
end

local function on_message(_, result)
  local text = result.message:gsub('[Bb]oth wait in the code actions', 'answer with :AtlasAnswer')
  say((text:gsub('waits? in the code actions', 'waits for :AtlasApply')), LEVELS[result.type])
end

-- The built-in handler would take the next key that is typed as the answer. Nobody is asked here;
-- what the question is about stays for :AtlasApply and :AtlasAnswer.
local function on_question(_, result)
  on_message(nil, result)
  return vim.NIL
end

local function root_of(buffer)
  local path = vim.api.nvim_buf_get_name(buffer)
  local folder = vim.fn.fnamemodify(path, ':p:h')
  for _, marker in ipairs(M.options.root_markers) do
    local found = vim.fn.findfile(marker, folder .. ';')
    if found == '' then
      found = vim.fn.finddir(marker, folder .. ';')
    end
    if found ~= '' then
      return vim.fn.fnamemodify(found, ':p'):gsub('/+$', ''):match('^(.*)/[^/]*$')
    end
  end
  return folder
end

local function clients()
  local all = vim.lsp.get_clients and vim.lsp.get_clients() or vim.lsp.get_active_clients()
  return vim.tbl_filter(function(one)
    return one.name == 'atlas'
  end, all)
end

local function client_of(buffer)
  for _, one in ipairs(clients()) do
    if vim.lsp.buf_is_attached(buffer, one.id) then
      return one
    end
  end
  say('no server on this buffer', vim.log.levels.WARN)
end

-- Neovim 0.11 made the client's functions methods.
local function request(client, method, params, handler, buffer)
  if vim.fn.has('nvim-0.11') == 1 then
    return client:request(method, params, handler, buffer)
  end
  return client.request(method, params, handler, buffer)
end

local function on_progress(_, result)
  local value = result.value
  if value.kind == 'end' then
    M.status = ''
    if M.on_end then
      M.on_end(value.message or '')
    end
  else
    M.status = table.concat({ value.title or 'Atlas', value.message or '' }, ' ')
  end
  pcall(vim.cmd, 'redrawstatus')
end

function M.start(buffer)
  -- Buffers that are no file (our own too) have no folder, and nothing to solve.
  if vim.bo[buffer].buftype ~= '' then
    return
  end
  local root = root_of(buffer)
  local config = {
    name = 'atlas',
    cmd = M.options.cmd,
    root_dir = root,
    init_options = M.options.init_options,
    workspace_folders = { { uri = vim.uri_from_fname(root), name = root } },
    handlers = {
      ['$/progress'] = on_progress,
      ['window/showMessage'] = on_message,
      ['window/showMessageRequest'] = on_question,
    },
  }
  if vim.lsp.start then
    return vim.lsp.start(config, { bufnr = buffer })
  end
  for _, one in ipairs(clients()) do
    if one.config.root_dir == root then
      vim.lsp.buf_attach_client(buffer, one.id)
      return one.id
    end
  end
  local id = vim.lsp.start_client(config)
  vim.lsp.buf_attach_client(buffer, id)
  return id
end

-- The action of one kind at the cursor; you choose where several edits wait, such as the answers
-- to a question. Asking makes Neovim tell its newest text first.
local function actions(kind, done)
  local buffer = vim.api.nvim_get_current_buf()
  local client = client_of(buffer)
  if not client then
    return
  end
  local params = vim.lsp.util.make_range_params(0, client.offset_encoding)
  params.context = { diagnostics = {}, only = { KIND .. kind }, triggerKind = 1 }
  local tick = vim.api.nvim_buf_get_changedtick(buffer)
  request(client, 'textDocument/codeAction', params, function(err, result)
    if err then
      return say(err.message, vim.log.levels.ERROR)
    end
    local found = result or {}
    if #found == 0 then
      return say('nothing to ' .. kind:match('[^.]+$') .. ' here')
    end
    if #found == 1 or kind:sub(1, 5) ~= 'apply' then
      return done(found[1], client, buffer, tick)
    end
    local shown = {
      prompt = 'Atlas',
      format_item = function(action)
        return action.title
      end,
    }
    vim.ui.select(found, shown, function(action)
      if action then
        done(action, client, buffer, tick)
      end
    end)
  end, buffer)
end

local function command(name, arguments, done)
  local buffer = vim.api.nvim_get_current_buf()
  local client = client_of(buffer)
  if not client then
    return
  end
  local params = { command = name, arguments = arguments }
  request(client, 'workspace/executeCommand', params, function(err, result)
    if err then
      return say(err.message, vim.log.levels.ERROR)
    end
    if done then
      done(result)
    end
  end, buffer)
end

-- On the function under the cursor: the server names it in the action's command.
local function on_function(kind, name, done)
  actions(kind, function(action)
    local arguments = action.command and action.command.arguments or {}
    command(name or action.command.command, arguments, done)
  end)
end

function M.solve()
  on_function('solve')
end

function M.repair()
  on_function('repair')
end

function M.tests()
  on_function('tests')
end

local function told(done)
  return function(n)
    say(n == 0 and 'nothing runs' or done .. ' ' .. n .. (n == 1 and ' job' or ' jobs'))
  end
end

function M.cancel()
  command('atlas.cancel', {}, told('cancelled'))
end

function M.stop()
  command('atlas.stop', {}, told('stopped'))
end

function M.check()
  command('atlas.check', { vim.uri_from_bufnr(0) }, function(runs)
    say(runs and 'running the examples of this file' or 'examples are not run here')
  end)
end

local function apply(kind)
  actions(kind, function(action, client, buffer, tick)
    if vim.api.nvim_buf_get_changedtick(buffer) ~= tick then
      return say('the buffer changed meanwhile; ask again')
    end
    vim.lsp.util.apply_workspace_edit(action.edit, client.offset_encoding)
    if M.on_applied then
      M.on_applied(action.title)
    end
  end)
end

-- Apply the finished solution under the cursor, only to the very text it was asked for.
function M.apply()
  apply('apply')
end

-- Where two solutions differ: apply the one whose output is right.
function M.answer()
  apply('apply.answer')
end

local function scratch(lines, filetype, name, close)
  local buffer = vim.api.nvim_create_buf(false, true)
  local old = vim.fn.bufnr('^' .. name .. '$')
  if old > 0 then
    vim.api.nvim_buf_delete(old, { force = true })
  end
  vim.api.nvim_win_set_buf(0, buffer)
  vim.api.nvim_buf_set_name(buffer, name)
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
  vim.bo[buffer].bufhidden = 'wipe'
  vim.bo[buffer].filetype = filetype
  vim.keymap.set('n', 'q', close, { buffer = buffer, nowait = true, desc = 'Atlas: close' })
  return buffer
end

local function read_only(buffer)
  vim.bo[buffer].modifiable = false
  vim.bo[buffer].readonly = true
end

-- In a tab of its own, the buffer beside its solved copy in diff mode: `do` in the buffer takes
-- one hunk at a time, `q` in the copy closes the tab.
function M.diff()
  actions('apply', function(action, client, buffer, tick)
    if vim.api.nvim_buf_get_changedtick(buffer) ~= tick then
      return say('the buffer changed meanwhile; ask again')
    end
    vim.cmd('tab split')
    local window = vim.api.nvim_get_current_win()
    local lines = vim.api.nvim_buf_get_lines(buffer, 0, -1, false)
    vim.cmd('vertical rightbelow split')
    local name = 'atlas://proposal/' .. vim.fn.fnamemodify(vim.api.nvim_buf_get_name(buffer), ':t')
    local copy = scratch(lines, '', name, '<Cmd>tabclose<CR>')
    local edit = action.edit
    local edits = edit.documentChanges and edit.documentChanges[1].edits
    if not edits then
      for _, found in pairs(edit.changes) do
        edits = found
      end
    end
    vim.lsp.util.apply_text_edits(edits, copy, client.offset_encoding)
    read_only(copy)
    -- Not the file type: it would start language servers on the copy.
    vim.bo[copy].syntax = 'python'
    vim.cmd('diffthis')
    vim.api.nvim_set_current_win(window)
    vim.cmd('diffthis')
  end)
end

function M.evidence()
  actions('show', function(action)
    command('atlas.result', action.command.arguments, function(found)
      if type(found) == 'table' then
        vim.cmd('vertical rightbelow split')
        local lines = vim.split(found.markdown, '\n')
        read_only(scratch(lines, 'markdown', 'atlas://evidence', '<Cmd>close<CR>'))
      end
    end)
  end)
end

-- Every message of this session, whole.
function M.show_messages()
  vim.cmd('botright 10split')
  read_only(scratch(M.messages, '', 'atlas://messages', '<Cmd>close<CR>'))
end

-- For a status line: %{v:lua.require'atlas'.statusline()}
function M.statusline()
  return M.status
end

function M.setup(options)
  M.options = vim.tbl_deep_extend('force', defaults, options or {})
  local commands = {
    Solve = M.solve,
    Repair = M.repair,
    Tests = M.tests,
    Apply = M.apply,
    Diff = M.diff,
    Evidence = M.evidence,
    Check = M.check,
    Cancel = M.cancel,
    Stop = M.stop,
    Answer = M.answer,
    Messages = M.show_messages,
  }
  for name, call in pairs(commands) do
    vim.api.nvim_create_user_command('Atlas' .. name, function()
      call()
    end, {})
    vim.keymap.set('n', '<Plug>(atlas-' .. name:lower() .. ')', call, { desc = 'Atlas: ' .. name })
  end
  vim.api.nvim_create_autocmd('FileType', {
    pattern = M.options.filetypes,
    callback = function(event)
      M.start(event.buf)
    end,
  })
end

return M
