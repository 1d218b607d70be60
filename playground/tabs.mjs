// Two tabs, as keyboards and screen readers expect them.
export function tabs(...all) {
  const select = (tab, isFocused) => {
    for (const one of all) {
      const isIt = one === tab
      one.setAttribute('aria-selected', String(isIt))
      one.tabIndex = isIt ? 0 : -1
      document.getElementById(one.getAttribute('aria-controls')).hidden = !isIt
    }
    if (isFocused) tab.focus()
  }
  for (const [i, tab] of all.entries()) {
    tab.addEventListener('click', () => select(tab))
    tab.addEventListener('keydown', ({ key }) => {
      if (key === 'ArrowRight') select(all[(i + 1) % all.length], true)
      if (key === 'ArrowLeft') select(all[(i + all.length - 1) % all.length], true)
      if (key === 'Home') select(all[0], true)
      if (key === 'End') select(all.at(-1), true)
    })
  }
  return (name) => select(all.find(({ id }) => id === `tab-${name}`))
}
