-- What the plugin shows: writes what it saw as JSON to $ATLAS_OUT.
vim.opt.runtimepath:append(vim.env.ATLAS_ROOT .. '/editors/neovim')
vim.opt.columns = 60
local said, seen = {}, {}
vim.notify = function(text)
  table.insert(said, text)
end

-- The plugin shows what comes; a document that the server opened by itself would be a second view.
local opened = {}
vim.lsp.handlers['window/showDocument'] = function(_, result)
  table.insert(opened, result.uri)
  return { success = true }
end

local function wait(what, condition)
  if not vim.wait(300000, condition, 20) then
    io.stderr:write('waited in vain for ' .. what .. ': ' .. vim.inspect(said) .. '\n')
    vim.cmd('cquit 8')
  end
end

local function heard(text)
  return function()
    return table.concat(said, '\n'):find(text, 1, true) ~= nil
  end
end

local function here()
  local buffer = vim.api.nvim_get_current_buf()
  return {
    name = vim.api.nvim_buf_get_name(buffer),
    text = table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), '\n'),
    modifiable = vim.bo[buffer].modifiable,
    windows = #vim.api.nvim_tabpage_list_wins(0),
    tabs = #vim.api.nvim_list_tabpages(),
    diff = vim.wo.diff,
  }
end

local atlas = require('atlas')
atlas.setup({ cmd = { vim.env.CLIENT_PYTHON, '-m', 'atlas_lsp' } })
vim.cmd('edit ' .. vim.env.ATLAS_FILE)
vim.bo.filetype = 'python'
local get_clients = vim.lsp.get_clients or vim.lsp.get_active_clients
wait('the server', function()
  return get_clients()[1] and get_clients()[1].initialized
end)
vim.fn.search('^def ')
vim.cmd('AtlasStop')
wait('an answer to stop', heard('nothing runs'))
seen.at_start = { unpack(said) }
vim.cmd('AtlasSolve')
wait('the result', heard('is_even: '))
vim.cmd('AtlasDiff')
wait('the diff', function()
  return vim.wo.diff
end)
seen.beside_diff = here()
vim.cmd('wincmd l')
seen.diff = here()
vim.cmd('normal q')
seen.after_diff = here()
vim.cmd('AtlasEvidence')
wait('the evidence', function()
  return vim.api.nvim_buf_get_name(0) == 'atlas://evidence' and not vim.bo.modifiable
end)
seen.evidence = here()
vim.cmd('normal q')
seen.after_evidence = here()
-- Whatever the server sent beside the evidence is here before its next answer.
local n_said = #said
vim.cmd('AtlasStop')
wait('another answer to stop', function()
  return #said > n_said
end)
seen.opened = opened
vim.cmd('AtlasMessages')
seen.messages = here()
vim.cmd('normal q')
vim.cmd('helptags ' .. vim.env.ATLAS_ROOT .. '/editors/neovim/doc')
vim.cmd('help :AtlasSolve')
seen.help = vim.fn.getline('.')
vim.cmd('helpclose')
vim.cmd('checkhealth atlas')
seen.health = here().text
seen.plug = vim.fn.maparg('<Plug>(atlas-solve)', 'n', false, true).desc
seen.said = said
local out = io.open(vim.env.ATLAS_OUT, 'w')
out:write(vim.fn.json_encode(seen))
out:close()
vim.lsp.stop_client(get_clients())
vim.wait(2000, function()
  return #get_clients() == 0
end)
vim.cmd('qall!')
