-- It wants to say who the user is.
host.api.setClaim("sub", "admin")
