-- Starts a job with the settings as they come, with or without the plugin, and lets the user type.
local python, root = vim.env.CLIENT_PYTHON, vim.env.ATLAS_ROOT
vim.opt.runtimepath:append(root .. '/editors/neovim')

local function flag(name)
  io.open(vim.env.ATLAS_OUT .. '.' .. name, 'w'):close()
end

local function wait(what, condition)
  if not vim.wait(300000, condition, 20) then
    io.stderr:write('waited in vain for ' .. what .. '\n')
    vim.cmd('cquit 8')
  end
end

local function on_progress(_, result)
  if result.value.kind == 'end' then
    flag('ended')
  end
end

local command = { python, '-m', 'atlas_lsp' }
local get_clients = vim.lsp.get_clients or vim.lsp.get_active_clients
local with_plugin = vim.env.ATLAS_SCENE == 'plugin'
if with_plugin then
  local atlas = require('atlas')
  atlas.on_end = function()
    flag('ended')
  end
  atlas.setup({ cmd = command })
else
  vim.lsp.handlers['$/progress'] = on_progress
end
vim.cmd('edit ' .. vim.env.ATLAS_FILE)
vim.bo.filetype = 'python'
if not with_plugin and vim.lsp.enable then
  local config = dofile(root .. '/editors/neovim/lsp/atlas.lua')
  vim.lsp.start(vim.tbl_extend('force', config, { name = 'atlas', cmd = command }))
elseif not with_plugin then
  vim.lsp.buf_attach_client(0, vim.lsp.start_client({ name = 'atlas', cmd = command }))
end
wait('the server', function()
  return get_clients()[1] and get_clients()[1].initialized
end)
vim.fn.search('^def ')
if with_plugin then
  vim.cmd('AtlasSolve')
else
  vim.lsp.buf_request(0, 'workspace/executeCommand', {
    command = 'atlas.solve',
    arguments = { vim.uri_from_bufnr(0), 'is_even' },
  }, function() end)
end
vim.cmd('normal! gg')
flag('ready')
