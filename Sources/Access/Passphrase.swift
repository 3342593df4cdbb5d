/// A password of words that a person can read out and type: `t7-kestrel-maple-otter-cedar-flint-comet-41`.
enum Passphrase {
  /// 8 bits each.
  static let words = list.split(whereSeparator: { $0 == " " || $0 == "\n" }).map(String.init)
  static let count = 6
  /// Of what `make` draws: 48 of the words, and letter, digit and number. Whoever knows this file and the way
  /// it is made still has so much to guess.
  static let bits = 48 + 8 + 6

  static func make(_ random: (Int) -> [UInt8]) -> String {
    let letter = String(UnicodeScalar(UInt8(ascii: "a") + UInt8(draw(26, random))))
    let parts = (0..<count).map { _ in words[draw(words.count, random)] }
    let number = 10 + draw(90, random)
    return "\(letter)\(draw(10, random))-\(parts.joined(separator: "-"))-\(number)"
  }

  /// Each number below `limit` as likely as any other: what would make some likelier is drawn again.
  private static func draw(_ limit: Int, _ random: (Int) -> [UInt8]) -> Int {
    let most = 65_536 / limit * limit
    while true {
      let drawn = random(2).reduce(0) { $0 << 8 | Int($1) }
      if drawn < most { return drawn % limit }
    }
  }

  private static let list = """
    acorn amber anchor apple april arrow aspen atlas autumn badge bamboo banjo basil beacon bear berry
    birch bison blaze bloom bonnet branch breeze brick bridge brook bucket butter button cabin cactus
    camel canoe canyon carbon cargo castle cedar cello chalk cherry chess cider cinder circle citrus
    clay cliff clock cloud clover coast cobalt cocoa comet copper coral cotton crane crater cricket
    crown crystal cypress daisy dawn denim desert diamond dolphin domino donkey dragon drum dune eagle
    earth easel echo elder ember emerald engine falcon feather fennel fern fiddle fig finch fjord flame
    flint flora flute forest fossil fox frost galaxy garden garlic garnet geyser ginger glacier glider
    globe goblet goose grain granite grape gravel grove guitar hammer harbor harvest hazel heron
    hickory honey hornet island ivory ivy jacket jade jelly jewel jungle juniper kayak kernel kestrel
    kettle kiwi koala ladder lagoon lantern lapis larch lark lemon lentil lilac lily linen lizard llama
    lobster lotus lunar magnet mango maple marble marsh meadow melon mercury mint mirror mitten moose
    mosaic moss mountain mustard nectar needle nickel nutmeg oak oasis ocean olive onyx opal orange
    orbit orchid otter owl oyster paddle palm panda paper parrot pebble pecan pelican pepper petal
    pigeon pine planet plum pollen poplar poppy prairie prism pumpkin quartz quill rabbit radish raven
    reef ribbon ridge river robin rocket rose ruby saddle saffron sage salmon sand sapphire satin
    sequoia shadow shell sparrow spruce squid stone stork summit sunset swan teapot thistle thunder
    timber topaz trout tulip tundra turtle valley velvet violet walnut willow winter wren zebra zephyr
    """
}
