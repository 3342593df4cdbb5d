/// An array that is also taken from in front, in constant time on average.
struct Deque<Element> {
  private var elements: [Element] = []
  private var head = 0

  var first: Element? { head < elements.count ? elements[head] : nil }

  var isEmpty: Bool { head >= elements.count }
  var count: Int { elements.count - head }
  var all: ArraySlice<Element> { elements[head...] }

  mutating func append(_ element: Element) { elements.append(element) }

  mutating func popFirst() -> Element? {
    guard head < elements.count else { return nil }
    let element = elements[head]
    head += 1
    if head == elements.count {
      elements.removeAll(keepingCapacity: true)
      head = 0
    } else if head > 1_024, head * 2 > elements.count {
      elements.removeSubrange(0..<head)
      head = 0
    }
    return element
  }

  /// Behind all that it does not precede; at the end in the usual case, where it is the youngest.
  mutating func insert(_ element: Element, after precedes: (Element, Element) -> Bool) {
    var place = elements.count
    while place > head, !precedes(elements[place - 1], element) { place -= 1 }
    elements.insert(element, at: place)
  }
}

extension Deque: Sendable where Element: Sendable {}
