/** Ask the server; what it refuses, it says in words. */
export async function post<T>(path: string, body: unknown): Promise<T> {
  const headers = { 'content-type': 'application/json' }
  return answerOf<T>(await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) }))
}

export async function get<T>(path: string): Promise<T> {
  return answerOf<T>(await fetch(path))
}

async function answerOf<T>(response: Response): Promise<T> {
  const answer = (await response.json().catch(() => ({}))) as T & { error?: string; message?: string }
  if (!response.ok) throw new Error(answer.error ?? answer.message ?? `the server answered ${response.status}`)
  return answer
}
