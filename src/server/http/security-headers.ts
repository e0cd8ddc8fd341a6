/** Pages run only what this server gives them, and stand in no foreign frame. Mantine sets its colours in `style` elements. */
const policy = [
  'default-src \'none\'', 'script-src \'self\'', 'style-src \'self\' \'unsafe-inline\'', 'img-src \'self\' data:', 'font-src \'self\'', 'connect-src \'self\'',
  'frame-src \'self\'', 'frame-ancestors \'none\'', 'base-uri \'self\'', 'form-action \'none\'', 'manifest-src \'self\'',
].join('; ')

/** Sets what every answer carries; what the answer itself says (a widget that may stand in foreign pages) goes first. */
export function secured(response: Response, secure: boolean): Response {
  const set = (name: string, value: string): void => {
    if (!response.headers.has(name)) response.headers.set(name, value)
  }
  set('content-security-policy', policy)
  set('x-content-type-options', 'nosniff')
  set('referrer-policy', 'no-referrer')
  set('cross-origin-opener-policy', 'same-origin')
  set('cross-origin-resource-policy', 'same-origin')
  set('permissions-policy', 'camera=(), microphone=(), geolocation=(), payment=(), usb=()')
  set('cache-control', 'no-store')
  if (secure) set('strict-transport-security', 'max-age=31536000')
  return response
}
