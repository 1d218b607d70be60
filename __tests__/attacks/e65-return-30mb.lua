-- mechanism: a 30 MB return value that fits the heap: conversion is unmetered
-- options: {"timeout": 300}
-- expect: any

return ("x"):rep(30000000)
