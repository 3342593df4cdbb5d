/// What has its time, on one clock or another.
protocol Scheduled {
  associatedtype Moment: Comparable
  var due: Moment { get }
}

/// A binary heap: the earliest first, and equal ones in no order that counts.
struct Heap<Element: Scheduled> {
  private var elements: [Element] = []

  var first: Element? { elements.first }
  var count: Int { elements.count }

  mutating func add(_ element: Element) {
    elements.append(element)
    rise(elements.count - 1)
  }

  mutating func takeFirst() -> Element? {
    guard let first = elements.first else { return nil }
    let last = elements.removeLast()
    if !elements.isEmpty {
      elements[0] = last
      sink(0)
    }
    return first
  }

  mutating func removeAll(where isGone: (Element) -> Bool) {
    elements.removeAll(where: isGone)
    for parent in stride(from: elements.count / 2 - 1, through: 0, by: -1) { sink(parent) }
  }

  private mutating func rise(_ start: Int) {
    var child = start
    while child > 0, elements[child].due < elements[(child - 1) / 2].due {
      elements.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  private mutating func sink(_ start: Int) {
    var parent = start
    while true {
      let (left, right) = (2 * parent + 1, 2 * parent + 2)
      var smallest = parent
      if left < elements.count, elements[left].due < elements[smallest].due { smallest = left }
      if right < elements.count, elements[right].due < elements[smallest].due { smallest = right }
      if smallest == parent { return }
      elements.swapAt(parent, smallest)
      parent = smallest
    }
  }
}
