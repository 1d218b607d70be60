-- What the user is, for the applications.
local groups = host.directory.groups()

host.api.setClaim("groups", table.concat(groups, " "))
host.api.setClaim("tenant", script.id)
