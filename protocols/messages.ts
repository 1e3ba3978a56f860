import { decodeMessage, encodeMessage, enumeration, MaxLengthError, message, streamMessage } from 'protons-runtime'
import { alloc as uint8ArrayAlloc } from 'uint8arrays/alloc'
import type { Codec, DecodeOptions } from 'protons-runtime'
import type { Uint8ArrayList } from 'uint8arraylist'

export interface Hello {
  taskId: string
  layoutHash: string
}

export namespace Hello {
  let _codec: Codec<Hello>

  export const codec = (): Codec<Hello> => {
    if (_codec == null) {
      _codec = message<Hello>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.taskId != null && obj.taskId !== '')) {
          w.uint32(10)
          w.string(obj.taskId)
        }

        if ((obj.layoutHash != null && obj.layoutHash !== '')) {
          w.uint32(18)
          w.string(obj.layoutHash)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          taskId: '',
          layoutHash: ''
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.taskId = reader.string()
              break
            }
            case 2: {
              obj.layoutHash = reader.string()
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.taskId`,
                value: reader.string()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.layoutHash`,
                value: reader.string()
              }
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface HelloTaskIdFieldEvent {
    field: '$.taskId'
    value: string
  }

  export interface HelloLayoutHashFieldEvent {
    field: '$.layoutHash'
    value: string
  }

  export function encode (obj: Partial<Hello>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Hello.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Hello>): Hello {
    return decodeMessage(buf, Hello.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Hello>): Generator<HelloTaskIdFieldEvent | HelloLayoutHashFieldEvent> {
    return streamMessage(buf, Hello.codec(), opts)
  }
}

export interface Welcome {
  refusal: string
}

export namespace Welcome {
  let _codec: Codec<Welcome>

  export const codec = (): Codec<Welcome> => {
    if (_codec == null) {
      _codec = message<Welcome>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.refusal != null && obj.refusal !== '')) {
          w.uint32(10)
          w.string(obj.refusal)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          refusal: ''
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.refusal = reader.string()
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.refusal`,
                value: reader.string()
              }
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface WelcomeRefusalFieldEvent {
    field: '$.refusal'
    value: string
  }

  export function encode (obj: Partial<Welcome>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Welcome.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Welcome>): Welcome {
    return decodeMessage(buf, Welcome.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Welcome>): Generator<WelcomeRefusalFieldEvent> {
    return streamMessage(buf, Welcome.codec(), opts)
  }
}

export enum Kind {
  MODEL = 'MODEL',
  OFFER = 'OFFER',
  ANSWER = 'ANSWER',
  ALIVE = 'ALIVE'
}

enum __KindValues {
  MODEL = 0,
  OFFER = 1,
  ANSWER = 2,
  ALIVE = 3
}

export namespace Kind {
  export const codec = (): Codec<Kind> => {
    return enumeration<Kind>(__KindValues)
  }
}

export interface CopyHeader {
  version: number
  held: number
  parts: number[]
}

export namespace CopyHeader {
  let _codec: Codec<CopyHeader>

  export const codec = (): Codec<CopyHeader> => {
    if (_codec == null) {
      _codec = message<CopyHeader>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.version != null && obj.version !== 0)) {
          w.uint32(13)
          w.fixed32(obj.version)
        }

        if ((obj.held != null && obj.held !== 0)) {
          w.uint32(21)
          w.fixed32(obj.held)
        }

        if (obj.parts != null && obj.parts.length > 0) {
          for (const value of obj.parts) {
            w.uint32(24)
            w.uint32(value)
          }
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          version: 0,
          held: 0,
          parts: []
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.version = reader.fixed32()
              break
            }
            case 2: {
              obj.held = reader.fixed32()
              break
            }
            case 3: {
              if (opts.limits?.parts != null && obj.parts.length === opts.limits.parts) {
                throw new MaxLengthError('Decode error - repeated field "parts" had too many elements')
              }

              if (obj.parts.length === 64) {
                throw new MaxLengthError('Decode error - repeated field "parts" had too many elements')
              }

              obj.parts.push(reader.uint32())
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const obj = {
          parts: 64
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.version`,
                value: reader.fixed32()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.held`,
                value: reader.fixed32()
              }
              break
            }
            case 3: {
              if (opts.limits?.parts != null && obj.parts === opts.limits.parts) {
                throw new MaxLengthError('Streaming decode error - repeated field "parts" had too many elements')
              }

              if (obj.parts === 64) {
                throw new MaxLengthError('Streaming decode error - repeated field "parts" had too many elements')
              }

              yield {
                field: `${prefix}.parts[]`,
                index: obj.parts,
                value: reader.uint32()
              }

              obj.parts++

              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface CopyHeaderVersionFieldEvent {
    field: '$.version'
    value: number
  }

  export interface CopyHeaderHeldFieldEvent {
    field: '$.held'
    value: number
  }

  export interface CopyHeaderPartsFieldEvent {
    field: '$.parts[]'
    index: number
    value: number
  }

  export function encode (obj: Partial<CopyHeader>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, CopyHeader.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<CopyHeader>): CopyHeader {
    return decodeMessage(buf, CopyHeader.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<CopyHeader>): Generator<CopyHeaderVersionFieldEvent | CopyHeaderHeldFieldEvent | CopyHeaderPartsFieldEvent> {
    return streamMessage(buf, CopyHeader.codec(), opts)
  }
}

export interface UpdateHeader {
  kind: Kind
  round: number
  bytes: number
  checksum: number
  copy?: CopyHeader
}

export namespace UpdateHeader {
  let _codec: Codec<UpdateHeader>

  export const codec = (): Codec<UpdateHeader> => {
    if (_codec == null) {
      _codec = message<UpdateHeader>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.kind != null && __KindValues[obj.kind] !== 0) {
          w.uint32(8)
          Kind.codec().encode(obj.kind, w)
        }

        if ((obj.round != null && obj.round !== 0)) {
          w.uint32(16)
          w.uint32(obj.round)
        }

        if ((obj.bytes != null && obj.bytes !== 0)) {
          w.uint32(24)
          w.uint32(obj.bytes)
        }

        if ((obj.checksum != null && obj.checksum !== 0)) {
          w.uint32(37)
          w.fixed32(obj.checksum)
        }

        if (obj.copy != null) {
          w.uint32(42)
          CopyHeader.codec().encode(obj.copy, w)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          kind: Kind.MODEL,
          round: 0,
          bytes: 0,
          checksum: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.kind = Kind.codec().decode(reader)
              break
            }
            case 2: {
              obj.round = reader.uint32()
              break
            }
            case 3: {
              obj.bytes = reader.uint32()
              break
            }
            case 4: {
              obj.checksum = reader.fixed32()
              break
            }
            case 5: {
              obj.copy = CopyHeader.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.copy
              })
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.kind`,
                value: Kind.codec().decode(reader)
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.round`,
                value: reader.uint32()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.bytes`,
                value: reader.uint32()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.checksum`,
                value: reader.fixed32()
              }
              break
            }
            case 5: {
              yield * CopyHeader.codec().stream(reader, reader.uint32(), `${prefix}.copy`, {
                limits: opts.limits?.copy
              })

              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface UpdateHeaderKindFieldEvent {
    field: '$.kind'
    value: Kind
  }

  export interface UpdateHeaderRoundFieldEvent {
    field: '$.round'
    value: number
  }

  export interface UpdateHeaderBytesFieldEvent {
    field: '$.bytes'
    value: number
  }

  export interface UpdateHeaderChecksumFieldEvent {
    field: '$.checksum'
    value: number
  }

  export interface UpdateHeaderCopyVersionFieldEvent {
    field: '$.copy.version'
    value: number
  }

  export interface UpdateHeaderCopyHeldFieldEvent {
    field: '$.copy.held'
    value: number
  }

  export interface UpdateHeaderCopyPartsFieldEvent {
    field: '$.copy.parts[]'
    index: number
    value: number
  }

  export function encode (obj: Partial<UpdateHeader>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, UpdateHeader.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<UpdateHeader>): UpdateHeader {
    return decodeMessage(buf, UpdateHeader.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<UpdateHeader>): Generator<UpdateHeaderKindFieldEvent | UpdateHeaderRoundFieldEvent | UpdateHeaderBytesFieldEvent | UpdateHeaderChecksumFieldEvent | UpdateHeaderCopyVersionFieldEvent | UpdateHeaderCopyHeldFieldEvent | UpdateHeaderCopyPartsFieldEvent> {
    return streamMessage(buf, UpdateHeader.codec(), opts)
  }
}

export interface Member {
  peer: Uint8Array<ArrayBuffer>
  addresses: Uint8Array<ArrayBuffer>[]
  round: number
  left: boolean
  sequence: bigint
}

export namespace Member {
  let _codec: Codec<Member>

  export const codec = (): Codec<Member> => {
    if (_codec == null) {
      _codec = message<Member>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.peer != null && obj.peer.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.peer)
        }

        if (obj.addresses != null && obj.addresses.length > 0) {
          for (const value of obj.addresses) {
            w.uint32(18)
            w.bytes(value)
          }
        }

        if ((obj.round != null && obj.round !== 0)) {
          w.uint32(24)
          w.uint32(obj.round)
        }

        if ((obj.left != null && obj.left !== false)) {
          w.uint32(32)
          w.bool(obj.left)
        }

        if ((obj.sequence != null && obj.sequence !== 0n)) {
          w.uint32(40)
          w.uint64(obj.sequence)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          peer: uint8ArrayAlloc(0),
          addresses: [],
          round: 0,
          left: false,
          sequence: 0n
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.peer = reader.bytes()
              break
            }
            case 2: {
              if (opts.limits?.addresses != null && obj.addresses.length === opts.limits.addresses) {
                throw new MaxLengthError('Decode error - repeated field "addresses" had too many elements')
              }

              obj.addresses.push(reader.bytes())
              break
            }
            case 3: {
              obj.round = reader.uint32()
              break
            }
            case 4: {
              obj.left = reader.bool()
              break
            }
            case 5: {
              obj.sequence = reader.uint64()
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const obj = {
          addresses: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.peer`,
                value: reader.bytes()
              }
              break
            }
            case 2: {
              if (opts.limits?.addresses != null && obj.addresses === opts.limits.addresses) {
                throw new MaxLengthError('Streaming decode error - repeated field "addresses" had too many elements')
              }

              yield {
                field: `${prefix}.addresses[]`,
                index: obj.addresses,
                value: reader.bytes()
              }

              obj.addresses++

              break
            }
            case 3: {
              yield {
                field: `${prefix}.round`,
                value: reader.uint32()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.left`,
                value: reader.bool()
              }
              break
            }
            case 5: {
              yield {
                field: `${prefix}.sequence`,
                value: reader.uint64()
              }
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface MemberPeerFieldEvent {
    field: '$.peer'
    value: Uint8Array<ArrayBuffer>
  }

  export interface MemberAddressesFieldEvent {
    field: '$.addresses[]'
    index: number
    value: Uint8Array<ArrayBuffer>
  }

  export interface MemberRoundFieldEvent {
    field: '$.round'
    value: number
  }

  export interface MemberLeftFieldEvent {
    field: '$.left'
    value: boolean
  }

  export interface MemberSequenceFieldEvent {
    field: '$.sequence'
    value: bigint
  }

  export function encode (obj: Partial<Member>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Member.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Member>): Member {
    return decodeMessage(buf, Member.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Member>): Generator<MemberPeerFieldEvent | MemberAddressesFieldEvent | MemberRoundFieldEvent | MemberLeftFieldEvent | MemberSequenceFieldEvent> {
    return streamMessage(buf, Member.codec(), opts)
  }
}

export interface TaskReply {
  task: Uint8Array<ArrayBuffer>
  members: Member[]
}

export namespace TaskReply {
  let _codec: Codec<TaskReply>

  export const codec = (): Codec<TaskReply> => {
    if (_codec == null) {
      _codec = message<TaskReply>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.task != null && obj.task.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.task)
        }

        if (obj.members != null && obj.members.length > 0) {
          for (const value of obj.members) {
            w.uint32(18)
            Member.codec().encode(value, w)
          }
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          task: uint8ArrayAlloc(0),
          members: []
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.task = reader.bytes()
              break
            }
            case 2: {
              if (opts.limits?.members != null && obj.members.length === opts.limits.members) {
                throw new MaxLengthError('Decode error - repeated field "members" had too many elements')
              }

              obj.members.push(Member.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.members$
              }))
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const obj = {
          members: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.task`,
                value: reader.bytes()
              }
              break
            }
            case 2: {
              if (opts.limits?.members != null && obj.members === opts.limits.members) {
                throw new MaxLengthError('Streaming decode error - repeated field "members" had too many elements')
              }

              for (const evt of Member.codec().stream(reader, reader.uint32(), `${prefix}.members[]`, {
                limits: opts.limits?.members$
              })) {
                yield {
                  ...evt,
                  index: obj.members
                }
              }

              obj.members++

              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface TaskReplyTaskFieldEvent {
    field: '$.task'
    value: Uint8Array<ArrayBuffer>
  }

  export interface TaskReplyMembersPeerFieldEvent {
    field: '$.members[].peer'
    value: Uint8Array<ArrayBuffer>
    index: number
  }

  export interface TaskReplyMembersAddressesFieldEvent {
    field: '$.members[].addresses[]'
    index: number
    value: Uint8Array<ArrayBuffer>
  }

  export interface TaskReplyMembersRoundFieldEvent {
    field: '$.members[].round'
    value: number
    index: number
  }

  export interface TaskReplyMembersLeftFieldEvent {
    field: '$.members[].left'
    value: boolean
    index: number
  }

  export interface TaskReplyMembersSequenceFieldEvent {
    field: '$.members[].sequence'
    value: bigint
    index: number
  }

  export function encode (obj: Partial<TaskReply>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, TaskReply.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<TaskReply>): TaskReply {
    return decodeMessage(buf, TaskReply.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<TaskReply>): Generator<TaskReplyTaskFieldEvent | TaskReplyMembersPeerFieldEvent | TaskReplyMembersAddressesFieldEvent | TaskReplyMembersRoundFieldEvent | TaskReplyMembersLeftFieldEvent | TaskReplyMembersSequenceFieldEvent> {
    return streamMessage(buf, TaskReply.codec(), opts)
  }
}

export interface ModelRequest {
  version: Uint8Array<ArrayBuffer>
  chunks: number
}

export namespace ModelRequest {
  let _codec: Codec<ModelRequest>

  export const codec = (): Codec<ModelRequest> => {
    if (_codec == null) {
      _codec = message<ModelRequest>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.version != null && obj.version.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.version)
        }

        if ((obj.chunks != null && obj.chunks !== 0)) {
          w.uint32(16)
          w.uint32(obj.chunks)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          version: uint8ArrayAlloc(0),
          chunks: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.version = reader.bytes()
              break
            }
            case 2: {
              obj.chunks = reader.uint32()
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.version`,
                value: reader.bytes()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.chunks`,
                value: reader.uint32()
              }
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface ModelRequestVersionFieldEvent {
    field: '$.version'
    value: Uint8Array<ArrayBuffer>
  }

  export interface ModelRequestChunksFieldEvent {
    field: '$.chunks'
    value: number
  }

  export function encode (obj: Partial<ModelRequest>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, ModelRequest.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ModelRequest>): ModelRequest {
    return decodeMessage(buf, ModelRequest.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ModelRequest>): Generator<ModelRequestVersionFieldEvent | ModelRequestChunksFieldEvent> {
    return streamMessage(buf, ModelRequest.codec(), opts)
  }
}

export interface ModelHeader {
  layoutHash: string
  round: number
  bytes: number
  digests: Uint8Array<ArrayBuffer>
  firstChunk: number
}

export namespace ModelHeader {
  let _codec: Codec<ModelHeader>

  export const codec = (): Codec<ModelHeader> => {
    if (_codec == null) {
      _codec = message<ModelHeader>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.layoutHash != null && obj.layoutHash !== '')) {
          w.uint32(10)
          w.string(obj.layoutHash)
        }

        if ((obj.round != null && obj.round !== 0)) {
          w.uint32(16)
          w.uint32(obj.round)
        }

        if ((obj.bytes != null && obj.bytes !== 0)) {
          w.uint32(24)
          w.uint32(obj.bytes)
        }

        if ((obj.digests != null && obj.digests.byteLength > 0)) {
          w.uint32(34)
          w.bytes(obj.digests)
        }

        if ((obj.firstChunk != null && obj.firstChunk !== 0)) {
          w.uint32(40)
          w.uint32(obj.firstChunk)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          layoutHash: '',
          round: 0,
          bytes: 0,
          digests: uint8ArrayAlloc(0),
          firstChunk: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.layoutHash = reader.string()
              break
            }
            case 2: {
              obj.round = reader.uint32()
              break
            }
            case 3: {
              obj.bytes = reader.uint32()
              break
            }
            case 4: {
              obj.digests = reader.bytes()
              break
            }
            case 5: {
              obj.firstChunk = reader.uint32()
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.layoutHash`,
                value: reader.string()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.round`,
                value: reader.uint32()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.bytes`,
                value: reader.uint32()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.digests`,
                value: reader.bytes()
              }
              break
            }
            case 5: {
              yield {
                field: `${prefix}.firstChunk`,
                value: reader.uint32()
              }
              break
            }
            default: {
              reader.skipType(tag & 7)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface ModelHeaderLayoutHashFieldEvent {
    field: '$.layoutHash'
    value: string
  }

  export interface ModelHeaderRoundFieldEvent {
    field: '$.round'
    value: number
  }

  export interface ModelHeaderBytesFieldEvent {
    field: '$.bytes'
    value: number
  }

  export interface ModelHeaderDigestsFieldEvent {
    field: '$.digests'
    value: Uint8Array<ArrayBuffer>
  }

  export interface ModelHeaderFirstChunkFieldEvent {
    field: '$.firstChunk'
    value: number
  }

  export function encode (obj: Partial<ModelHeader>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, ModelHeader.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ModelHeader>): ModelHeader {
    return decodeMessage(buf, ModelHeader.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ModelHeader>): Generator<ModelHeaderLayoutHashFieldEvent | ModelHeaderRoundFieldEvent | ModelHeaderBytesFieldEvent | ModelHeaderDigestsFieldEvent | ModelHeaderFirstChunkFieldEvent> {
    return streamMessage(buf, ModelHeader.codec(), opts)
  }
}
