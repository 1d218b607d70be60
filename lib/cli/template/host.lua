---@meta

-- The functions that index.js exposes, for editors.

---@param currency string
---@return number
function host.rate(currency) end
