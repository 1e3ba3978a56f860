import { byId } from './dom.js'
import { DrawingPad } from './drawing-pad.js'
import { takeFiles } from './files.js'
import { pixelsOfDrawing, pixelsOfFile, shapeOfPicture, showPixels, type Pixels } from './picture.js'
import type { Ask } from './try.js'
import type { ImageSchema } from './wire.js'

/** Draw, or drop an image file. */
export function setUpPictures({ imageShape }: ImageSchema, ask: Ask): void {
  const shape = shapeOfPicture(imageShape)
  if (shape === undefined) return
  byId('try-pictures').hidden = false
  const show = (pixels: Pixels): Pixels[] => {
    showPixels(byId<HTMLCanvasElement>('seen'), pixels, shape)
    byId('seen-figure').hidden = false
    return [pixels]
  }
  const pad = new DrawingPad(
    byId<HTMLCanvasElement>('pad'),
    () => void ask(() => show(pixelsOfDrawing(pad.canvas, shape)))
  )
  byId('clear').addEventListener('click', () => {
    pad.clear()
    byId('answer').replaceChildren()
    byId('seen-figure').hidden = true
  })
  takeFiles(
    byId('try'),
    byId<HTMLInputElement>('image-file'),
    file => void ask(async () => show(await pixelsOfFile(file, shape)))
  )
}
