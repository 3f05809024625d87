// Where compiled code can be broken, and how: every single small change the operators below allow, found in the parsed program.
// Knows JavaScript, and nothing of what the code does or of how a change is judged.

import {
  isArrowFunction,
  isBinaryExpression,
  isBlock,
  isCallExpression,
  isConditionalExpression,
  isContinueStatement,
  isExpressionStatement,
  isForStatement,
  isIfStatement,
  isNewExpression,
  isNumericLiteral,
  isParenthesizedExpression,
  isPostfixUnaryExpression,
  isPrefixUnaryExpression,
  isReturnStatement,
  isThrowStatement,
  isWhileStatement,
  type Node,
  SyntaxKind,
} from 'typescript/unstable/ast'
import { createVirtualFileSystem } from 'typescript/unstable/fs'
import { API } from 'typescript/unstable/sync'

/** One change: the text from `start` to `end` becomes `put`. */
export interface Change {
  readonly operator: string
  readonly start: number
  readonly end: number
  readonly put: string
}

/** For each operator: what it may become. */
const swaps: Readonly<Record<string, readonly string[]>> = {
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '===': ['!=='],
  '!==': ['==='],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '%': ['*'],
  '&': ['|'],
  '|': ['&'],
  '<<': ['>>'],
  '>>': ['<<'],
  '&&': ['||'],
  '||': ['&&'],
  '+=': ['-='],
  '-=': ['+='],
}
/** From here on a constant is doubled and halved, below it is one more and one less. */
const LARGE = 100
const relational = /^[<>]=?$|^[!=]==$/
const arithmetic = /^[-+*/%]$/

/** Every change of every file, by path. All are parsed in one go. */
export function changesOf(files: Readonly<Record<string, string>>): Map<string, Change[]> {
  const config = {
    compilerOptions: { allowJs: true, noLib: true, noResolve: true, types: [] },
    include: ['/code/**/*.js'],
  }
  const tree: Record<string, string> = { '/code/tsconfig.json': JSON.stringify(config) }
  for (const [path, text] of Object.entries(files)) tree[`/code/${path}`] = text
  const api = new API({ cwd: '/code', fs: createVirtualFileSystem(tree) })
  try {
    const [project] = api.updateSnapshot({ openProjects: ['/code/tsconfig.json'] }).getProjects()
    const found = new Map<string, Change[]>()
    for (const [path, text] of Object.entries(files)) {
      const parsed = project?.program.getSourceFile(`/code/${path}`)
      if (parsed === undefined) throw new Error(`${path} was not parsed`)
      found.set(path, walk(parsed, text))
    }
    return found
  } finally {
    api.close()
  }
}

function walk(parsed: Node, text: string): Change[] {
  const changes: Change[] = []
  const visit = (node: Node): void => {
    for (const find of operators) changes.push(...find(node, text))
    node.forEachChild(visit)
  }
  visit(parsed)
  return changes
}

type Operator = (node: Node, text: string) => Change[]

const startOf = (node: Node) => node.getStart()
const textOf = (node: Node, text: string) => text.slice(startOf(node), node.end)

function replace(operator: string, node: Node, put: string): Change {
  return { operator, start: startOf(node), end: node.end, put }
}

const binary: Operator = (node, text) => {
  if (!isBinaryExpression(node)) return []
  const token = textOf(node.operatorToken, text)
  const kind = relational.test(token) ? 'relation' : arithmetic.test(token) ? 'arithmetic' : 'operator'
  // A sentence put together is nobody's arithmetic.
  if (/['"`]/.test(textOf(node, text)) && token === '+') return []
  const changes = (swaps[token] ?? []).map((put) => replace(kind, node.operatorToken, put))
  if (kind === 'arithmetic') {
    const whole = textOf(node, text)
    changes.push(replace('off by one', node, `(${whole} + 1)`), replace('off by one', node, `(${whole} - 1)`))
  }
  return changes
}

const unary: Operator = (node, text) => {
  if (!isPrefixUnaryExpression(node) && !isPostfixUnaryExpression(node)) return []
  const whole = textOf(node, text)
  if (whole.startsWith('!')) return [replace('negation', node, textOf(node.operand, text))]
  if (whole.includes('++')) return [replace('arithmetic', node, whole.replace('++', '--'))]
  if (whole.includes('--')) return [replace('arithmetic', node, whole.replace('--', '++'))]
  return []
}

/** Conditions the other way round; comparisons are turned by their operator already. */
const condition: Operator = (node, text) => {
  let tested: Node | undefined
  if (isIfStatement(node) || isWhileStatement(node)) tested = node.expression
  else if (isConditionalExpression(node) || isForStatement(node)) tested = node.condition
  if (tested === undefined || (isBinaryExpression(tested) && relational.test(textOf(tested.operatorToken, text))))
    return []
  return [replace('negation', tested, `!(${textOf(tested, text)})`)]
}

const constant: Operator = (node, text) => {
  if (node.kind === SyntaxKind.TrueKeyword) return [replace('constant', node, 'false')]
  if (node.kind === SyntaxKind.FalseKeyword) return [replace('constant', node, 'true')]
  if (!isNumericLiteral(node)) return []
  const whole = textOf(node, text)
  // One more byte or millisecond of many is no fault.
  if (Number(whole.replaceAll('_', '')) >= LARGE)
    return [replace('constant', node, `(${whole} * 2)`), replace('constant', node, `(${whole} / 2)`)]
  return [replace('constant', node, `(${whole} + 1)`), replace('constant', node, `(${whole} - 1)`)]
}

/** A statement that is left out. */
const removal: Operator = (node, text) => {
  const goes =
    isExpressionStatement(node) ||
    isThrowStatement(node) ||
    isContinueStatement(node) ||
    node.kind === SyntaxKind.BreakStatement ||
    (isReturnStatement(node) && node.expression === undefined)
  // Without a call of super there is no object at all.
  return goes && !/^super\(/.test(textOf(node, text)) ? [replace('removal', node, ';')] : []
}

/** A function that does nothing, or answers nothing. */
const early: Operator = (node, text) => {
  // False and undefined are the same to most; that it is not true is the matter of the constant.
  const returned = isReturnStatement(node) ? node.expression : undefined
  if (returned !== undefined && !/^(false|undefined)$/.test(textOf(returned, text)))
    return [replace('early return', returned, 'undefined')]
  const { parent } = node
  const body = isBlock(node) && parent !== undefined && isFunctionLike(parent)
  return body ? [{ operator: 'early return', start: startOf(node) + 1, end: startOf(node) + 1, put: ' return;' }] : []
}

function isFunctionLike(node: Node): boolean {
  const { kind } = node
  return (
    isArrowFunction(node) ||
    kind === SyntaxKind.FunctionDeclaration ||
    kind === SyntaxKind.MethodDeclaration ||
    kind === SyntaxKind.SetAccessor
  )
}

const swapped: Operator = (node, text) => {
  if (!isCallExpression(node) && !isNewExpression(node)) return []
  // The order of these does not matter.
  if (/^Math\.(max|min)$/.test(textOf(node.expression, text))) return []
  const given = [...(node.arguments ?? [])]
  return given.slice(1).flatMap((second, index) => {
    const first = given[index]!
    const [one, two] = [textOf(first, text), textOf(second, text)]
    return one === two
      ? []
      : [{ operator: 'swapped arguments', start: startOf(first), end: second.end, put: `${two}, ${one}` }]
  })
}

/** One side of `a && b` and `a || b` alone. */
const half: Operator = (node, text) => {
  if (!isBinaryExpression(node) || !/^(&&|\|\|)$/.test(textOf(node.operatorToken, text))) return []
  const side = (part: Node) => (isParenthesizedExpression(part) ? textOf(part, text) : `(${textOf(part, text)})`)
  return [replace('half', node, side(node.left)), replace('half', node, side(node.right))]
}

const operators: readonly Operator[] = [binary, unary, condition, constant, removal, early, swapped, half]
