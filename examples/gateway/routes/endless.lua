-- A route with a fault. Others do not notice.
while true do end
