/** The one place that speaks HTTP with the server. Every failure becomes an `ApiError`. */

/** `status` 0 means that no answer came: the network or the server is away, and trying again is sensible. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** The answer's body, for refusals that carry more than an error (409 on a report). */
    readonly body: unknown = null,
  ) {
    super(message)
    this.name = 'ApiError'
  }

  /** Whether the same request may succeed later without a change by the user. */
  get retryable(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500
  }
}

const BASE = '/api/v1'

export interface RequestOptions {
  body?: unknown
  /** Milliseconds until the request counts as lost. */
  timeout?: number
  keepalive?: boolean
}

export async function request<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
  const init: RequestInit = {
    method,
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(options.timeout ?? 10_000),
    credentials: 'same-origin',
    keepalive: options.keepalive ?? false,
  }
  if (options.body !== undefined) {
    init.headers = { accept: 'application/json', 'content-type': 'application/json' }
    init.body = JSON.stringify(options.body)
  }
  let response: Response
  try {
    response = await fetch(BASE + path, init)
  } catch (cause) {
    throw new ApiError(0, 'unreachable', 'unreachable', cause)
  }
  const text = await response.text().catch(() => '')
  const body = parse(text)
  if (!response.ok) {
    const error = isRecord(body) && isRecord(body.error) ? body.error : null
    const code = typeof error?.code === 'string' ? error.code : `http_${response.status}`
    const message = typeof error?.message === 'string' ? error.message : response.statusText || code
    throw new ApiError(response.status, code, message, body)
  }
  return body as T
}

export const get = <T>(path: string, options?: RequestOptions) => request<T>('GET', path, options)
export const post = <T = void>(path: string, body?: unknown, options?: RequestOptions) =>
  request<T>('POST', path, { ...options, body })
export const put = <T = void>(path: string, body?: unknown, options?: RequestOptions) =>
  request<T>('PUT', path, { ...options, body })
export const patch = <T = void>(path: string, body?: unknown) => request<T>('PATCH', path, { body })
export const del = (path: string) => request<void>('DELETE', path)

export function socketUrl(path: string): string {
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:'
  return `${scheme}//${location.host}${BASE}${path}`
}

/** A URL for `src` and `href`; sound and pictures are not read through `request`. */
export const fileUrl = (path: string) => BASE + path

function parse(text: string): unknown {
  if (!text) return null
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
