/** Names that look alike (Unicode TS 39, "skeleton"). */
import { caseFold } from './text'

/** Made by scripts/pack-look-alikes.ts: a character or several, then the letters that look like it, and so on. */
// biome-ignore format: one line, whatever its length.
const TABLE = '2 ƨϩᴤꙅꛯꝛ 3 ȝɜʒзӡჳᴈⳍꝫ 4 ꮞ 6 бⳓꮾ 8 ȣ৪੪𞣋 9 ৭੧୨൭ⳋꝯ a ɑαаꓮꭺ aa ꜳ ae æӕ ao ꜵ au ꜷ av ꜹꜻ ay ꜽ b ƅвьᏼꓐꮟ bl ы b̵ ƀѣҍ c сᴄⲥꓚꮯ𑣩𑣲 d ԁꓒꓓꭰꮷ d3 ʤ dz ʣ dʑ ʥ d̵ ðđ e εеҽꓰꬲꭼ ę ҿ f ϝքẝꓝꞙꬵ fŋ ʩ g ƍɡԍցᏻᶃꓖꮐ h ηнһհⲏꓧꮋꮒ h̔ ɦᏺꚕ h̵ ħћ i ɩɪιіӏꙇꭵ i̵ ɨᵻᵼ j ʝϳјꓙꭻ k κкⲕꓗꮶ l ǀוןا١۱ⲓⳑꓡꓲꮮ𐌠𞣇 l3 ɮ ll ǁװ lo ю ls ʪ lz ʫ lٴ ٲ m μϻмⲙꓟꮇ n ոռⲛꓠꓵ o οσϛоօסه٥ھہە۵߀०০੦૦୦௦౦೦൦๐໐၀ჿᴏᴑⲟ〇ꓳꬽ𑓐𑣠 oe œ oo ꚙꝏ ô ۿ ơ ꭴ o̵ ɵθѳөꝋꮎꮻ o̸ øꬾ oᴇ ɶ p ρрⲣꓑꮲ q ԛգզ r ʀгᴦⲅꓣꭇꭈꭱꮁꮢ rn 𑣣 r̵ ɍғ s ƽѕտꓢꜱꮥꮪ ss βᏸꞵ t τтⲧꓔꭲ t3 ꜩ tf ꝷ ts ʦ tɕ ʨ tʃ ʧ u ʋυսᴜꓴꞟꭎꭒ ue ᵫ uo ꭣ u̵ ʉᵾꮜ v νѵט٧۷ᴠꓦꮩ w ɯѡԝաᴡꓪꮃꮗꮤ𑣦𑣯 x χхⲭꓫꭓꭕ𐌢𑣬 y ɣʏγуүყᶌỿⲩꓬꭚꭹꮍ y̵ ɏұ z ζᴢꓜꮓ𐋵𑣥 þ ƿϸ ĸ ᴋ ƕ ԋ ƫ ꮏ ǝ əәꓱ ǝo ᴔ ȷ յ ɂ ꭾ ɋ ᶐ ɐ ꓯ ɔ ͻᴐↄꓛ ɔe ꭢ ɰ պ ɸ φфփᛰⲫ ʃ ꭍ ʍ ᴍ ʘ ꙩ ʚ ꞝ ʜ̦ ӈӊ ˁ ʕ ˉb ъ ˉbi ꙑ π пᴨⲡ ψ ѱⲯ ω ⲱꙍꞷ ϗ ⳤ ϭ ⳝ ш ⲽ љ ꭠ ҷ ӌ ة ۃ حٔ ځݲ د 𐋡 ص 𐋲 ط 𐋨 ف ڧ ك کڪ كۛ ڭݣ و ࢱ𐋤 ى يٮںیےࢽ ى̆ ێݖ ىؕ ٹڻ ىۛ ثؿپڽۑ ٢ ۲ ٣ ۳𞣉 ٤ ۴ ٦ ۶ ٩ ۹१𑣤 ٻ ې ڡ ٯࢻࢼ ڡۛ ڤڨ ڬ ݢ گ ࢰ ݔ ݧࢩ २ ૨ ३ ૩ ४ ૪ ८ ૮ ১ 𑓑 ২ 𑓒 ৬ 𑓖 அ ௮ உ ௨ எ ௭ க ௧ ச ௪ ய ௰ ౧ ೧ ౨ ೨ ౯ ೯ ජ ෪ ද ෫ ሆ մ ኮ ի ᗡ ꓷ ᙠ ꓭ ᣔ ʌλл٨۸ᴧᴫⲗꓥ ᦞ ᧐ ᦱ ᧑ ᩅ ᪀᪐ ᬍ ᭒ ᬑ ᭓ ᬨ ᭘ ᴎ ͷи ᴘ ᴩ ᴙ я ẟ δծⲇ ⅎ ꓞ ⱶ ͱꭸꮀ ー ꟷ ꓕ ʇ ꜧ ꞕ ꜿ ͽ ꞇ ⴀ ꞓ ɛєԑⲉꮛ ꨁ ꩓ ꨣ ꩖ 𐊨 ꚛ 𐎂 𐏑 𐎓 𐏓 𐐺 ꞛ 𐒆 𐒠 𐳂 𐳼 𐳥 𐳺'

let prototypes: Map<string, string> | undefined

/** When it is first needed: most isolates register nobody. */
function readTable(): Map<string, string> {
  const groups = TABLE.split(' ')
  return new Map(
    groups.flatMap((letters, i) =>
      i % 2 ? [...letters].map((letter): [string, string] => [letter, groups[i - 1] ?? '']) : [],
    ),
  )
}

/**
 * What a name looks like: two names of one skeleton must not be two people's. Compatibility forms and case in full make no difference, and letters
 * of other scripts are what they look like in Latin; but ASCII characters are themselves, as `bob1` and `bobl` are names of two people.
 */
export function skeleton(name: string): string {
  prototypes ??= readTable()
  const letters = caseFold(name.normalize('NFKD')).normalize('NFKD')
  return [...letters].map((letter) => prototypes?.get(letter) ?? letter).join('')
}
