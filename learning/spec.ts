import { InvalidParametersError, UnknownNameError } from './errors.js'

/**
 * Find what a spec `name[:argument]` calls for: `quantize:4` is the kind `quantize` with the argument `4`.
 *
 * @param what - as a user would say it: "topology", "compressor"
 * @throws UnknownNameError when no kind has that name
 */
export function findKind<K extends { readonly name: string }>(
  what: string,
  spec: string,
  kinds: readonly K[]
): { kind: K; argument: string | undefined } {
  const colon = spec.indexOf(':')
  const name = colon < 0 ? spec : spec.slice(0, colon)
  const kind = kinds.find(known => known.name === name)
  if (kind === undefined)
    throw new UnknownNameError(
      what,
      name,
      kinds.map(known => known.name)
    )
  return { kind, argument: colon < 0 ? undefined : spec.slice(colon + 1) }
}

/** @throws InvalidParametersError when there is an argument, for a kind that has nothing to set */
export function refuseArgument(name: string, argument: string | undefined): void {
  if (argument === undefined) return
  throw new InvalidParametersError(`${name}:${argument}: ${name} takes no argument. Write ${name} alone.`)
}
