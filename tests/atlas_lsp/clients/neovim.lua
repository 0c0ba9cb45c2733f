-- Plays one scene with the plugin in editors/neovim; what is needed comes in the environment.
local python, out, scene = vim.env.CLIENT_PYTHON, vim.env.ATLAS_OUT, vim.env.ATLAS_SCENE
vim.opt.runtimepath:append(vim.env.ATLAS_ROOT .. '/editors/neovim')

local messages, ended, applied = {}, nil, false
vim.lsp.handlers['window/showMessage'] = function(_, result)
  table.insert(messages, result.message)
end
vim.notify = function(text)
  table.insert(messages, text)
end

vim.ui.select = function(items, _, choose)
  for _, item in ipairs(items) do
    if item.title:find('where') then
      return choose(item)
    end
  end
end

local function wait(what, condition)
  if not vim.wait(300000, condition, 20) then
    io.stderr:write('waited in vain for ' .. what .. ': ' .. vim.inspect(messages) .. '\n')
    vim.cmd('cquit 8')
  end
end

local atlas = require('atlas')
atlas.on_end = function(message)
  ended = message
end
atlas.on_applied = function()
  applied = true
end
atlas.setup({ cmd = { python, '-m', 'atlas_lsp' }, init_options = { apply = 'offer' } })
vim.cmd('edit ' .. vim.env.ATLAS_FILE)
vim.bo.filetype = 'python'
wait('the server', function()
  for _, client in pairs((vim.lsp.get_clients or vim.lsp.get_active_clients)()) do
    return client.initialized
  end
end)
if vim.env.ATLAS_UNSAVED then
  vim.api.nvim_buf_set_lines(0, 0, -1, false, vim.fn.readfile(vim.env.ATLAS_UNSAVED))
end
vim.fn.search('^def ')
if scene == 'tested' then
  vim.cmd('AtlasCheck')
  wait('the failing test', function()
    return #vim.diagnostic.get(0) > 0
  end)
end
local commands = { tested = 'AtlasRepair', repair = 'AtlasRepair', question = 'AtlasRepair', tests = 'AtlasTests' }
vim.cmd(commands[scene] or 'AtlasSolve')
wait('progress', function()
  return atlas.status ~= '' or ended
end)
vim.api.nvim_buf_set_lines(0, 0, 0, false, { '# typed 🚀 during the job' })
if scene == 'cancel' then
  vim.cmd('AtlasCancel')
end
wait('the end', function()
  return ended
end)
io.stdout:write(vim.fn.json_encode({ ['end'] = ended, message = messages[1] or '' }) .. '\n')
if scene ~= 'cancel' then
  vim.fn.search('^def ')
  vim.cmd('AtlasApply')
  wait('the edit', function()
    return applied
  end)
end
vim.cmd('write! ' .. out)
local get_clients = vim.lsp.get_clients or vim.lsp.get_active_clients
vim.lsp.stop_client(get_clients())
vim.wait(2000, function()
  return #get_clients() == 0
end)
vim.cmd('qall!')
