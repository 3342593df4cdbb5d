/// The rules about images.
extension NistConformance {
  private static let fingers: ClosedRange<UInt8> = 0...16

  /// A Type-4 record.
  mutating func check(_ image: NistFixedImage, of record: NistRecord, _ position: Int) {
    let named = image.fingers.filter { $0 != NistFixedImage.noFinger }
    let faults: [(Bool, Int, String)] = [
      (
        NistRule.impressions.contains(Int(image.impression)), 5,
        "IMP must be a number from 0 to \(NistRule.impressions.upperBound)."
      ),
      (!named.isEmpty && named.allSatisfy(Self.fingers.contains), 6, "FGP must be from 0 to 16, or 255."),
      (image.scanResolution <= 1, 12, "ISR must be 0 or 1."),
      (image.width > 0, 13, "HLL must be above 0."), (image.height > 0, 15, "VLL must be above 0."),
    ]
    for (isGood, place, sentence) in faults where !isGood {
      add(.value, .error, record.offset + place, position, 4, nil, sentence)
    }
  }

  mutating func check(_ image: NistImage) {
    let (offset, number) = (image.data.startIndex, image.type == 4 ? nil : NistRecord.imageField)
    if case .unknown(let word) = image.compression {
      let field = image.type == 4 ? nil : 11
      add(
        .compression, .warning, offset, image.record, image.type, field,
        "The compression `\(word.prefix(20))` is not one of the standard's; the image stays as it is.")
    }
    if image.data.isEmpty {
      add(.imageSize, .error, offset, image.record, image.type, number, "The image is empty.")
      return
    }
    let beginnings = image.compression.beginnings
    if !beginnings.isEmpty, !beginnings.contains(where: { image.data.starts(with: $0) }) {
      add(
        .imageFormat, .warning, offset, image.record, image.type, number,
        "The image does not begin as \(image.compression.word) does.")
    }
    if image.compression == .none { checkRaw(image, number) }
  }

  /// An image that is not compressed has just as many bytes as its pixels need.
  private mutating func checkRaw(_ image: NistImage, _ number: Int?) {
    guard let width = image.width, let height = image.height, let bits = image.bitsPerPixel, bits <= 64 else {
      return
    }
    let needed = (width * height).multipliedReportingOverflow(by: bits)
    let (bytes, rest) = needed.partialValue.quotientAndRemainder(dividingBy: 8)
    let expected = bytes + min(rest, 1)
    guard !needed.overflow, expected != image.data.count else { return }
    add(
      .imageSize, .warning, image.data.startIndex, image.record, image.type, number,
      "\(width) × \(height) pixels of \(bits) bits need \(expected) bytes, and the image has "
        + "\(image.data.count).")
  }
}
