/** What a median is being taken of; kept, because every update asks for medians. What lies behind the values inserted means nothing. */
const sorted: number[] = []

/** The median of a few values, the upper one of two; none of them is NaN. */
export function median(values: readonly number[], count = values.length): number {
  for (let i = 0; i < count; i++) insert(values[i], i)
  return sorted[count >> 1]
}

/** The median distance of a few values from a point, the upper one of two. */
export function medianDistance(values: readonly number[], from: number, count = values.length): number {
  for (let i = 0; i < count; i++) insert(Math.abs(values[i] - from), i)
  return sorted[count >> 1]
}

/** Put a value in its place among the first `count` of `sorted`: for a few that is faster than any other way. */
function insert(value: number, count: number): void {
  let place = count
  for (; place > 0 && sorted[place - 1] > value; place--) sorted[place] = sorted[place - 1]
  sorted[place] = value
}
