/** Steps of the colour scale, by the least score of each: told in text beside the colours. */
const steps = [0, 0.5, 0.7, 0.85, 0.95] as const

/** The step of a score, or 'none' without one; the style sheet knows its colour. */
export function levelOf(score: number | null): string {
  return score === null
    ? 'none'
    : String(
        Math.max(
          0,
          steps.findLastIndex(step => score >= step)
        )
      )
}
