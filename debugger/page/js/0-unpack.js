// Unpacks LZMA, in which the library stands in the page: gzip makes 210 KB of it, LZMA 176 KB, and
// servers cannot make less of either. No browser can unpack it by itself. The build writes the
// settings lc=3, lp=0 and pb=0: the literals' chances depend on the 3 upper bits of the byte
// before, and nothing depends on the place.
//
// A bit is coded by its chance, of which there is one for each situation: `chances` holds them all,
// in 2048ths, and these are the places of the first of each kind.
const STATES = 12;
const LENGTHS = 2 + 8 + 8 + 256;
const SIZES = {
  isMatch: STATES, isRepeat: STATES, isOlder: STATES, isOldest: STATES, isThird: STATES, isLong: STATES,
  slots: 4 * 64, special: 115, aligned: 16, lengths: LENGTHS, repeated: LENGTHS, literals: 0x300 << 3,
};

// Returns the `length` bytes of which LZMA made `packed`.
function unpack(packed, length) {
  const place = {};
  let size = 0;
  for (const [name, count] of Object.entries(SIZES)) {
    place[name] = size;
    size += count;
  }
  const chances = new Uint16Array(size).fill(1024);
  const output = new Uint8Array(length);
  // The first byte is always 0.
  let at = 5;
  let code = new DataView(packed.buffer, packed.byteOffset).getUint32(1);
  let range = 0xffffffff;

  const refill = () => {
    if (range >= 0x1000000) return;
    range = (range << 8) >>> 0;
    code = ((code << 8) | packed[at++]) >>> 0;
  };
  const bit = (index) => {
    const chance = chances[index];
    const bound = (range >>> 11) * chance;
    const value = code < bound ? 0 : 1;
    if (value) {
      range -= bound;
      code -= bound;
      chances[index] -= chance >> 5;
    } else {
      range = bound;
      chances[index] += (2048 - chance) >> 5;
    }
    refill();
    return value;
  };
  // Bits that are as likely 0 as 1.
  const plainBits = (count) => {
    let value = 0;
    for (; count; count--) {
      range >>>= 1;
      const one = code >= range ? 1 : 0;
      if (one) code -= range;
      value = value * 2 + one;
      refill();
    }
    return value;
  };
  // Bits of which each has a chance for each value of those before it.
  const bits = (base, count) => {
    let value = 1;
    for (let i = 0; i < count; i++) value = value * 2 + bit(base + value);
    return value - (1 << count);
  };
  const reversedBits = (base, count) => {
    let [node, value] = [1, 0];
    for (let i = 0; i < count; i++) {
      const one = bit(base + node);
      node = node * 2 + one;
      value |= one << i;
    }
    return value;
  };
  const lengthOf = (base) => {
    if (!bit(base)) return 2 + bits(base + 2, 3);
    if (!bit(base + 1)) return 10 + bits(base + 10, 3);
    return 18 + bits(base + 18, 8);
  };
  const distanceOf = (count) => {
    const slot = bits(place.slots + 64 * Math.min(count - 2, 3), 6);
    if (slot < 4) return slot;
    const more = (slot >> 1) - 1;
    const base = (2 | (slot & 1)) << more;
    if (slot < 14) return base + reversedBits(place.special + base - slot, more);
    return base + plainBits(more - 4) * 16 + reversedBits(place.aligned, 4);
  };

  // What came last: 0 to 6 end with a literal, 7 to 11 with a match.
  let state = 0;
  let distances = [0, 0, 0, 0];
  let end = 0;
  while (end < length) {
    if (!bit(place.isMatch + state)) {
      const base = place.literals + 0x300 * (end ? output[end - 1] >> 5 : 0);
      let byte = 1;
      if (state >= 7) {
        // The byte after a match differs from that after its source, and is coded beside it.
        let other = output[end - distances[0] - 1];
        while (byte < 256) {
          const expected = (other >> 7) & 1;
          const one = bit(base + ((1 + expected) << 8) + byte);
          other <<= 1;
          byte = byte * 2 + one;
          if (one !== expected) break;
        }
      }
      while (byte < 256) byte = byte * 2 + bit(base + byte);
      output[end++] = byte;
      state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
      continue;
    }
    const [a, b, c, d] = distances;
    let count;
    if (!bit(place.isRepeat + state)) {
      count = lengthOf(place.lengths);
      distances = [distanceOf(count), a, b, c];
      state = state < 7 ? 7 : 10;
    } else {
      const isOlder = bit(place.isOlder + state);
      if (isOlder) {
        if (!bit(place.isOldest + state)) distances = [b, a, c, d];
        else if (!bit(place.isThird + state)) distances = [c, a, b, d];
        else distances = [d, a, b, c];
      }
      if (isOlder || bit(place.isLong + state)) {
        count = lengthOf(place.repeated);
        state = state < 7 ? 8 : 11;
      } else {
        count = 1;
        state = state < 7 ? 9 : 11;
      }
    }
    for (; count && end < length; count--, end++) output[end] = output[end - distances[0] - 1];
  }
  return output;
}
