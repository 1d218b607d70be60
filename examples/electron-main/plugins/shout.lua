-- Shouts. With an empty text it never ends, and is stopped.
function run(input)
  while input.text == "" do end
  return input.text:upper() .. "!"
end
