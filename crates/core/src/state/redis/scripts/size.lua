-- How much there is: entries and bytes.
sweep(-1)
settle()
return { size() }
