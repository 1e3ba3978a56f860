import { fileURLToPath } from 'node:url'

/** The path of a file in test/fixtures, from dist/test/helpers as from any other build folder beside it. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`../../../test/fixtures/${name}`, import.meta.url))
}
