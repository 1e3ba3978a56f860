import { encode } from 'fast-png'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readMnist, type ImageSchema } from '../../data/index.js'
import { isPng, readPng } from '../../data/png.js'

const png = suite('PNG images')

function schemaOf(...imageShape: number[]): ImageSchema {
  const label = { kind: 'class', name: 'label', classes: ['0', '1'] } as const
  return { kind: 'image', inputShape: imageShape, imageShape, label }
}

function grey(width: number, height: number, values: number[]): Uint8Array {
  return encode({ width, height, channels: 1, data: Uint8Array.from(values) })
}

/** What was meant, up to a rounding of 32-bit floats. */
function near(actual: readonly number[], expected: readonly number[], what?: string): void {
  assert.is(actual.length, expected.length, what)
  assert.ok(
    actual.every((value, i) => Math.abs(value - expected[i]) < 1e-3),
    `${what}: ${actual.join()} is not ${expected.join()}`
  )
}

png('keep the pixels of an image of the right size, white on black', () => {
  const { features, inputShape } = readMnist({ trainRows: [0, 1], testRows: [0] }).train
  assert.equal(inputShape, [784])
  for (const row of [0, 1]) {
    const pixels = [...features.subarray(row * 784, (row + 1) * 784)]
    near(readPng('digit.png', grey(28, 28, pixels), schemaOf(28, 28, 1)), pixels, `row ${row}`)
    const onPaper = grey(28, 28, pixels.map(value => 255 - value)) // prettier-ignore
    near(readPng('digit.png', onPaper, schemaOf(28, 28, 1)), pixels, `row ${row} on paper`)
  }
})

png('are inverted when their edge is light, or when told', () => {
  const dark = grey(3, 3, [0, 0, 0, 0, 200, 0, 0, 0, 0])
  const light = grey(3, 3, [255, 255, 255, 255, 55, 255, 255, 255, 255])
  const expected = [0, 0, 0, 0, 200, 0, 0, 0, 0]
  near(readPng('x', dark, schemaOf(3, 3, 1)), expected)
  near(readPng('x', light, schemaOf(3, 3, 1)), expected)
  near(readPng('x', light, schemaOf(3, 3, 1), 'no'), [255, 255, 255, 255, 55, 255, 255, 255, 255])
  near(readPng('x', dark, schemaOf(3, 3, 1), 'yes'), [255, 255, 255, 255, 55, 255, 255, 255, 255])
})

png('are shrunk to means, stretched, and filled up to keep their proportions', () => {
  near(readPng('x', grey(4, 2, [0, 40, 0, 0, 0, 80, 10, 10]), schemaOf(1, 2, 1)), [30, 5])
  near(readPng('x', grey(3, 1, [0, 60, 0]), schemaOf(2, 2, 1), 'no'), [20, 20, 20, 20])
  near(readPng('x', grey(2, 1, [0, 60]), schemaOf(2, 4, 1), 'no'), [0, 0, 60, 60, 0, 0, 60, 60])
  near(readPng('x', grey(1, 2, [10, 30]), schemaOf(2, 2, 1), 'no'), [10, 20, 30, 20])
})

png('are turned into the channels of the task, transparent parts on white', () => {
  const colours = encode({ width: 2, height: 1, channels: 4, data: Uint8Array.from([255, 0, 0, 255, 0, 0, 0, 0]) })
  near(readPng('x', colours, schemaOf(1, 2, 3)), [255, 0, 0, 255, 255, 255])
  near(readPng('x', colours, schemaOf(1, 2, 1), 'no'), [0.299 * 255, 255])
  const deep = encode({ width: 2, height: 1, depth: 16, channels: 2, data: Uint16Array.from([65535, 65535, 0, 65535]) })
  near(readPng('x', deep, schemaOf(1, 2, 1), 'no'), [255, 0])
})

png('of one bit a pixel, and of a palette, are read', () => {
  // By hand: 3 x 2, one bit, rows 101 and 010; and 2 x 1 from the palette (255, 0, 0), (0, 0, 255).
  const bit = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACAQAAAAC1D1u3AAAADElEQVR4nGNYwOAAAAIkAOFz6zvyAAAAAElFTkSuQmCC',
    'base64'
  )
  near(readPng('x', bit, schemaOf(2, 3, 1), 'no'), [255, 0, 255, 0, 255, 0])
  const palette = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAMAAADD/I+4AAAABlBMVEX/AAAAAP9sof2OAAAAC0lEQVR4nGNgYAQAAAQAAr96P0oAAAAASUVORK5CYII=',
    'base64'
  )
  near(readPng('x', palette, schemaOf(1, 2, 3)), [255, 0, 0, 0, 0, 255])
})

png('that are none are refused', () => {
  assert.not.ok(isPng(Buffer.from('a,b\n1,2\n')))
  const image = grey(2, 2, [0, 0, 0, 0])
  assert.ok(isPng(image))
  assert.throws(() => readPng('cut.png', image.subarray(0, 40), schemaOf(2, 2, 1)), /^cut\.png: no PNG image/)
  assert.throws(() => readPng('x.png', image, schemaOf(64)), /takes 64, no images.*rows of numbers/)
})

png.run()
