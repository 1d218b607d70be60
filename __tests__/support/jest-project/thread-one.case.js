// One of several files for worker threads.
'use strict'

require('./own-state')
