import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { sharedFloats, width, type Dataset } from './dataset.js'
import { InvalidDataError } from './errors.js'
import { useIdx } from './idx.js'
import { range } from './random.js'
import type { ImageSchema } from './schema.js'

const IMAGE_DIMENSIONS = [2, 3, 4]
const LABEL_DIMENSIONS = [1]

/** Images and their labels: the paths of two IDX files. */
export interface ImageFiles {
  readonly images: string
  readonly labels: string
}

/** Without `test`, a part of `train` has to be held out. */
export interface ImageFolder {
  readonly train: ImageFiles
  readonly test?: ImageFiles
}

/**
 * Find `train-images-idx3-ubyte` and `train-labels-idx1-ubyte`, and the same with `t10k` or `test`. A dot may stand for
 * the dash before `idx`, and `.gz` at the end.
 *
 * @throws InvalidDataError when the folder cannot be read, has no training files, or images without labels
 */
export function findImageFolder(path: string): ImageFolder {
  const train = findFiles(path, 'train')
  if (train === undefined) {
    const problem = 'no IDX files; expected train-images-idx3-ubyte and train-labels-idx1-ubyte. Check the path.'
    throw new InvalidDataError(path, problem)
  }
  return { train, test: findFiles(path, '(?:t10k|test)') }
}

function findFiles(folder: string, part: string): ImageFiles | undefined {
  const names = readFolder(folder).sort() // a file comes before its packed twin
  const find = (kind: string): string | undefined =>
    names.find(name => new RegExp(`^${part}-${kind}[-.]idx\\d-ubyte(\\.gz)?$`).test(name))
  const [images, labels] = [find('images'), find('labels')]
  if (images === undefined && labels === undefined) return undefined
  if (images !== undefined && labels !== undefined) {
    return { images: join(folder, images), labels: join(folder, labels) }
  }
  const problem = `${images ?? labels} stands alone; expected a file of images and one of labels. Add the other.`
  throw new InvalidDataError(folder, problem)
}

function readFolder(path: string): string[] {
  try {
    return readdirSync(path)
  } catch (cause) {
    throw new InvalidDataError(path, 'the folder cannot be read; expected IDX files. Check the path.', { cause })
  }
}

/** @returns the class index of every row */
export function readImageLabels({ labels }: ImageFiles): Uint8Array {
  return useIdx(labels, LABEL_DIMENSIONS, file => file.readRows())
}

/**
 * Classes are named by their number, 0 to the highest in the training labels.
 *
 * @param layout - whether the model takes pixels in one row, or height, width and channels
 * @throws InvalidDataError
 */
export function inferImageSchema({ train }: ImageFolder, layout: 'flat' | 'image' = 'flat'): ImageSchema {
  const shape = useIdx(train.images, IMAGE_DIMENSIONS, file => imageShape(file.shape))
  const highest = Math.max(...new Set(readImageLabels(train)))
  return {
    kind: 'image',
    inputShape: layout === 'flat' ? [width(shape)] : shape,
    imageShape: shape,
    label: { kind: 'class', name: 'label', classes: range(0, highest + 1).map(String) }
  }
}

/**
 * Read rows without loading the rest.
 *
 * @param rows - indices into the files, in the order wanted; all when left out
 * @throws InvalidDataError when the files are faulty, disagree with each other or with the schema
 * @throws InvalidParametersError when there is no such row
 */
export function readImages(files: ImageFiles, schema: ImageSchema, rows?: readonly number[]): Dataset {
  return useIdx(files.images, IMAGE_DIMENSIONS, images =>
    useIdx(files.labels, LABEL_DIMENSIONS, classes => {
      if (images.shape[0] !== classes.shape[0]) {
        const problem =
          `${classes.shape[0]} labels; expected ${images.shape[0]}, one an image of ${files.images}. ` +
          'Fetch both files again.'
        throw new InvalidDataError(files.labels, problem)
      }
      const shape = imageShape(images.shape)
      if (shape.join() !== schema.imageShape.join()) {
        const problem =
          `images of ${shape.join(' x ')}; expected ${schema.imageShape.join(' x ')} as the task says. ` +
          'Convert them, or join another task.'
        throw new InvalidDataError(files.images, problem)
      }
      const labels = sharedFloats(rows?.length ?? images.shape[0])
      labels.set(classes.readRows(rows))
      checkLabels(files.labels, labels, rows, schema)
      const features = images.readRows(rows)
      return { rows: labels.length, inputShape: schema.inputShape, features, scale: 1 / 255, labels }
    })
  )
}

function checkLabels(
  path: string,
  labels: Float32Array,
  rows: readonly number[] | undefined,
  schema: ImageSchema
): void {
  const unknown = labels.findIndex(label => label >= schema.label.classes.length)
  if (unknown === -1) return
  const problem =
    `image ${rows?.[unknown] ?? unknown} has label ${labels[unknown]}; expected a class of the task, 0 to ` +
    `${schema.label.classes.length - 1}. Remove the image, or join another task.`
  throw new InvalidDataError(path, problem)
}

/** [height, width, channels], or [length] */
function imageShape(fileShape: readonly number[]): number[] {
  const shape = fileShape.slice(1)
  return shape.length === 2 ? [...shape, 1] : shape
}
