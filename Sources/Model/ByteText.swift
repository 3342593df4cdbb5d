// Text that is made byte by byte, where a `String` or an iterator in between would cost more than the text.
extension [UInt8] {
  mutating func append(text: String) {
    let span = text.utf8Span.span
    append(addingCapacity: span.count) { space in
      for place in span.indices { space.append(span[place]) }
    }
  }

  /// The decimal digits of a number that is not negative, with zeros before them up to the width.
  mutating func append(_ number: Int, width: Int) {
    var unit = 1
    for _ in 1..<width { unit *= 10 }
    while number / unit >= 10 { unit *= 10 }
    while unit > 0 {
      append(UInt8(ascii: "0") + UInt8(number / unit % 10))
      unit /= 10
    }
  }
}
