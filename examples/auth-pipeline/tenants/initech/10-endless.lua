-- It never comes to a decision, and is stopped.
while true do end
