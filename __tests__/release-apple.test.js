// The stubs of Apple's libraries that addons for macOS are linked with: what crates declare, and nothing else.
'use strict'

const { runNode } = require('./support/child')

const SOURCE = `
use std::ffi::c_void;
pub type Callback = extern "C" fn(info: *const c_void);
pub fn ours() {}
extern "C" {
    pub static kSecClass: CFStringRef;
    /// Says so.
    pub fn SecTrustEvaluate(
        trust: SecTrustRef,
    ) -> OSStatus;
    pub fn CFRelease(cf: CFTypeRef);
}
pub fn ours_too() {}
mod inner {
    unsafe extern "C" {
        pub safe fn CFRunLoopStop(rl: CFRunLoopRef);
        pub unsafe fn CFRelease(cf: CFTypeRef);
    }
}
`

test('a stub has what crates declare of a framework, each name once', async () => {
  const { stdout, stderr } = await runNode([
    '--input-type=module',
    '--eval',
    `import { declaredIn, stub } from './scripts/release/apple.mjs'
    console.log(stub('/usr/lib/libx.dylib', declaredIn(${JSON.stringify(SOURCE)})))`,
  ])
  expect(stderr).toBe('')
  expect(stdout).toContain(`install-name: '/usr/lib/libx.dylib'`)
  const [, symbols] = /symbols: \[ (.*) \]/.exec(stdout)
  expect(symbols.split(', ')).toEqual(['_CFRelease', '_CFRunLoopStop', '_SecTrustEvaluate', '_kSecClass'])
})
