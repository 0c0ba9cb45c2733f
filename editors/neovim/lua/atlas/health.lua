-- :checkhealth atlas
local M = {}

local health = vim.health or require('health')
local start = health.start or health.report_start
local ok = health.ok or health.report_ok
local warn = health.warn or health.report_warn
local fail = health.error or health.report_error

local function server(command)
  if vim.fn.executable(command[1]) == 0 then
    local mend = 'run `make demo` in a clone, and put its .venv/bin on your PATH or name it in `cmd`'
    return fail(command[1] .. ' is not to be found', { mend })
  end
  local asked = vim.tbl_map(vim.fn.shellescape, vim.list_extend(vim.deepcopy(command), { '--check' }))
  for _, line in ipairs(vim.fn.systemlist(table.concat(asked, ' '))) do
    if line:match('^ok') then
      ok(line:sub(6))
    elseif line:match('^FAIL') then
      fail(line:sub(6))
    else
      warn(vim.trim(line))
    end
  end
end

function M.check()
  start('atlas')
  local atlas = require('atlas')
  if not atlas.options.cmd then
    return fail('the plugin is not set up', { "require('atlas').setup({})" })
  end
  server(atlas.options.cmd)
end

return M
