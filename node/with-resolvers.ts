// Node 20 lacks Promise.withResolvers, which libp2p calls. Import this module before any of libp2p's; Node 22 needs nothing.
if (typeof Promise.withResolvers !== 'function') {
  Promise.withResolvers = function <T>(): PromiseWithResolvers<T> {
    let resolve!: (value: T | PromiseLike<T>) => void
    let reject!: (reason?: unknown) => void
    const promise = new Promise<T>((onResolve, onReject) => {
      resolve = onResolve
      reject = onReject
    })
    return { promise, resolve, reject }
  }
}
