import { tfjsModelFile, tfjsWeights, weightsFile } from '../../engine/index.js'
import { HttpError } from './errors.js'
import type { HttpPart } from './part.js'

/** The model as tfjs loads it: `tf.loadLayersModel('http://127.0.0.1:8080/v1/models/<name>/model.json')`. */
export const modelFileRoutes: HttpPart = (server, { node }, done) => {
  const { name, model } = node.task
  const path = `/v1/models/${name}`
  server.get(`${path}/model.json`, () => {
    const { round } = node.status().model
    try {
      return tfjsModelFile(model, { name, round, schema: node.localSchema })
    } catch (error) {
      throw new HttpError(409, `model: ${(error as Error).message}`)
    }
  })
  server.get(`${path}/${weightsFile}`, async (_, reply) =>
    reply.type('application/octet-stream').send(Buffer.from(tfjsWeights(node.parameters).buffer))
  )
  done()
}
