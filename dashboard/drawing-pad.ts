/** Steps of the pen by arrow key, a side. */
const steps = 28

/**
 * A canvas to draw on: with mouse, pen or finger, or with the keyboard (arrows move the pen, Space lowers and lifts it,
 * Delete clears).
 */
export class DrawingPad {
  readonly canvas: HTMLCanvasElement
  readonly #context: CanvasRenderingContext2D
  readonly #changed: () => void
  #pen = { x: 0.5, y: 0.25 }
  #down = false

  /** @param changed - called when a stroke has ended */
  constructor(canvas: HTMLCanvasElement, changed: () => void) {
    this.canvas = canvas
    this.#context = canvas.getContext('2d', { willReadFrequently: true })!
    this.#changed = changed
    canvas.addEventListener('pointerdown', event => {
      canvas.setPointerCapture(event.pointerId)
      this.#pen = this.#placeOf(event)
      this.#lineTo(this.#pen)
    })
    canvas.addEventListener('pointermove', event => {
      if (canvas.hasPointerCapture(event.pointerId)) this.#lineTo(this.#placeOf(event))
    })
    canvas.addEventListener('pointerup', () => this.#changed())
    canvas.addEventListener('keydown', event => this.#key(event))
    canvas.addEventListener('blur', () => (this.#down = false))
  }

  clear(): void {
    this.#context.clearRect(0, 0, this.canvas.width, this.canvas.height)
    this.#down = false
  }

  #key(event: KeyboardEvent): void {
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key]
    if (move !== undefined) {
      const within = (value: number): number => Math.max(0.05, Math.min(0.95, value))
      const next = { x: within(this.#pen.x + move[0] / steps), y: within(this.#pen.y + move[1] / steps) }
      if (this.#down) this.#lineTo(next)
      this.#pen = next
    } else if (event.key === ' ') {
      this.#down = !this.#down
      if (this.#down) this.#lineTo(this.#pen)
      else this.#changed()
    } else if (event.key === 'Delete' || event.key === 'Backspace') this.clear()
    else return
    event.preventDefault()
  }

  #placeOf(event: PointerEvent): { x: number; y: number } {
    const box = this.canvas.getBoundingClientRect()
    return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height }
  }

  #lineTo(to: { x: number; y: number }): void {
    const { width, height } = this.canvas
    const context = this.#context
    context.strokeStyle = '#fff'
    context.lineWidth = width / 13
    context.lineCap = context.lineJoin = 'round'
    context.beginPath()
    context.moveTo(this.#pen.x * width, this.#pen.y * height)
    context.lineTo(to.x * width, to.y * height)
    context.stroke()
    this.#pen = to
  }
}
