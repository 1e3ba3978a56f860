// Turns a WebAssembly binary into a module that exports it as base64, for rooms that read no files.
//   node scripts/embed-wasm.js kernels.wasm binary.js
import { readFileSync, writeFileSync } from 'node:fs'

const [source, target] = process.argv.slice(2)
writeFileSync(target, `export const binary =\n  '${readFileSync(source, 'base64')}'\n`)
