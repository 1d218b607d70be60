// Whether the signature of a Mach-O file is that of its bytes, as macOS looks at it page by page before it loads them.
import { createHash } from 'node:crypto'

const [SUPER_BLOB, CODE_DIRECTORY] = [0xfade0cc0, 0xfade0c02]
/** The number of SHA-256 among the hashes. */
const SHA256 = 2

/** `signature` is the part of `file` that the command for signatures names. One that cannot be read fits nothing. */
export function signatureFits(file, signature) {
  const directory = directoryOf(signature)
  if (directory === undefined || directory[37] !== SHA256) return false
  const [hashes, pages, limit] = [16, 28, 32].map((at) => directory.readUInt32BE(at))
  const [size, page] = [directory[36], 2 ** directory[39]]
  if (pages !== Math.ceil(limit / page) || signature.byteOffset !== file.byteOffset + limit) return false
  return Array.from({ length: pages }, (_, i) => i).every((i) => {
    const found = createHash('sha256').update(file.subarray(i * page, Math.min((i + 1) * page, limit)))
    return found.digest().equals(directory.subarray(hashes + i * size, hashes + (i + 1) * size))
  })
}

function directoryOf(signature) {
  if (signature.length < 12 || signature.readUInt32BE(0) !== SUPER_BLOB) return undefined
  for (let i = 0; i < signature.readUInt32BE(8); i++) {
    const blob = signature.subarray(signature.readUInt32BE(12 + i * 8 + 4))
    if (blob.length >= 44 && blob.readUInt32BE(0) === CODE_DIRECTORY) return blob
  }
  return undefined
}
