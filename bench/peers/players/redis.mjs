// Redis: EVALSHA of a script that the server knows, on a server of its own on this machine. Values cross as JSON.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import Redis from 'ioredis'
import { ask } from '../../../scripts/run.mjs'

export async function open({ job }) {
  const version = /v=(\S+)/.exec(ask('redis-server', ['--version']) ?? '')?.[1]
  if (version === undefined) throw new Error('redis-server is not installed')
  const folder = mkdtempSync(path.join(os.tmpdir(), 'moonpool-peers-'))
  const socket = path.join(folder, 'redis.sock')
  const args = ['--port', '0', '--unixsocket', socket, '--save', '', '--appendonly', 'no', '--dir', folder]
  const server = spawn('redis-server', args, { stdio: 'ignore' })
  const redis = new Redis({ path: socket, maxRetriesPerRequest: 100, retryStrategy: () => 50 })
  redis.on('error', () => {})
  const isValue = job.given !== undefined
  const code = job.lua('cjson.decode(ARGV[1])', (value) => `cjson.encode(${value})`)
  const hash = await redis.script('LOAD', code)
  const call = async () => {
    if (!isValue) return await redis.evalsha(hash, 0)
    return JSON.parse(await redis.evalsha(hash, 0, JSON.stringify(job.given)))
  }
  const close = async () => {
    redis.disconnect()
    server.kill()
    await once(server, 'exit')
    rmSync(folder, { recursive: true, force: true })
  }
  return { version, call, close }
}
