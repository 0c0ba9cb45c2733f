-- Atlas for Neovim 0.7 and newer: starts the server, adds the :Atlas... commands.
-- No logic lives here: every decision about a text is the server's.
local M = { status = '', options = {} }

local defaults = {
  cmd = { 'atlas-lsp' },
  filetypes = { 'python' },
  root_markers = { 'pyproject.toml', 'setup.py', '.git' },
  init_options = {},
}
local KIND = 'refactor.rewrite.atlas.'

local function say(text, level)
  vim.notify('atlas: ' .. text, level or vim.log.levels.INFO)
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
  local root = root_of(buffer)
  local config = {
    name = 'atlas',
    cmd = M.options.cmd,
    root_dir = root,
    init_options = M.options.init_options,
    workspace_folders = { { uri = vim.uri_from_fname(root), name = root } },
    handlers = { ['$/progress'] = on_progress },
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
      return say('nothing to ' .. kind .. ' here')
    end
    if #found == 1 or kind ~= 'apply' then
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

function M.cancel()
  command('atlas.cancel', {})
end

function M.stop()
  command('atlas.stop', {})
end

function M.check()
  command('atlas.check', { vim.uri_from_bufnr(0) })
end

-- Apply the finished solution under the cursor, only to the very text it was asked for.
function M.apply()
  actions('apply', function(action, client, buffer, tick)
    if vim.api.nvim_buf_get_changedtick(buffer) ~= tick then
      return say('the buffer changed meanwhile; ask again')
    end
    vim.lsp.util.apply_workspace_edit(action.edit, client.offset_encoding)
    if M.on_applied then
      M.on_applied(action.title)
    end
  end)
end

local function scratch(lines, filetype, open)
  vim.cmd(open)
  local buffer = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_win_set_buf(0, buffer)
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
  vim.api.nvim_buf_set_option(buffer, 'filetype', filetype)
  vim.api.nvim_buf_set_option(buffer, 'bufhidden', 'wipe')
  return buffer
end

-- The buffer beside its solved copy, in diff mode: `do` and `dp` take one hunk at a time.
function M.diff()
  actions('apply', function(action, client, buffer, tick)
    if vim.api.nvim_buf_get_changedtick(buffer) ~= tick then
      return say('the buffer changed meanwhile; ask again')
    end
    local window = vim.api.nvim_get_current_win()
    local lines = vim.api.nvim_buf_get_lines(buffer, 0, -1, false)
    local copy = scratch(lines, 'python', 'vertical rightbelow split')
    local edit = action.edit
    local edits = edit.documentChanges and edit.documentChanges[1].edits
    if not edits then
      for _, found in pairs(edit.changes) do
        edits = found
      end
    end
    vim.lsp.util.apply_text_edits(edits, copy, client.offset_encoding)
    vim.cmd('diffthis')
    vim.api.nvim_set_current_win(window)
    vim.cmd('diffthis')
  end)
end

function M.evidence()
  actions('show', function(action)
    command('atlas.evidence', action.command.arguments, function(found)
      if type(found) == 'table' then
        scratch(vim.split(found.markdown, '\n'), 'markdown', 'botright 15split')
      end
    end)
  end)
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
  }
  for name, call in pairs(commands) do
    vim.api.nvim_create_user_command('Atlas' .. name, function()
      call()
    end, {})
  end
  vim.api.nvim_create_autocmd('FileType', {
    pattern = M.options.filetypes,
    callback = function(event)
      M.start(event.buf)
    end,
  })
end

return M
