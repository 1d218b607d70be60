// Makes elements. All text becomes text nodes: nothing that a script says is ever HTML.
const SVG = 'http://www.w3.org/2000/svg'

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) node.setAttribute(name, value)
  node.append(...children.filter((child) => child !== undefined))
  return node
}

export const element = (name, attributes = {}, ...children) => fill(document.createElement(name), attributes, children)

export const svg = (name, attributes = {}, ...children) =>
  fill(document.createElementNS(SVG, name), attributes, children)
