"""Countries and states as people spell them, to the codes of ISO 3166."""

import re
from functools import lru_cache

_COUNTRIES = (
    "AD Andorra|AE United Arab Emirates;UAE|AF Afghanistan|AG Antigua and Barbuda|AI Anguilla|AL Albania|AM Armenia|"
    "AO Angola|AQ Antarctica|AR Argentina|AS American Samoa|AT Austria;Österreich|AU Australia|AW Aruba|"
    "AX Åland Islands|AZ Azerbaijan|BA Bosnia and Herzegovina|BB Barbados|BD Bangladesh|BE Belgium;Belgique;België|"
    "BF Burkina Faso|BG Bulgaria|BH Bahrain|BI Burundi|BJ Benin|BL Saint Barthélemy|BM Bermuda|"
    "BN Brunei;Brunei Darussalam|BO Bolivia|BQ Caribbean Netherlands|BR Brazil;Brasil|BS Bahamas;The Bahamas|"
    "BT Bhutan|BV Bouvet Island|BW Botswana|BY Belarus|BZ Belize|CA Canada|CC Cocos Islands|"
    "CD Democratic Republic of the Congo|CF Central African Republic|CG Congo|CH Switzerland;Schweiz;Suisse|"
    "CI Ivory Coast;Côte d'Ivoire|CK Cook Islands|CL Chile|CM Cameroon|CN China|CO Colombia|CR Costa Rica|CU Cuba|"
    "CV Cape Verde|CW Curaçao|CX Christmas Island|CY Cyprus|CZ Czechia;Czech Republic|DE Germany;Deutschland|"
    "DJ Djibouti|DK Denmark;Danmark|DM Dominica|DO Dominican Republic|DZ Algeria|EC Ecuador|EE Estonia|EG Egypt|"
    "EH Western Sahara|ER Eritrea|ES Spain;España|ET Ethiopia|FI Finland|FJ Fiji|FK Falkland Islands|FM Micronesia|"
    "FO Faroe Islands|FR France|GA Gabon|GB United Kingdom;UK;Great Britain;England;Scotland;Wales;Northern Ireland|"
    "GD Grenada|GE Georgia|GF French Guiana|GG Guernsey|GH Ghana|GI Gibraltar|GL Greenland|GM Gambia|GN Guinea|"
    "GP Guadeloupe|GQ Equatorial Guinea|GR Greece|GS South Georgia|GT Guatemala|GU Guam|GW Guinea-Bissau|GY Guyana|"
    "HK Hong Kong|HM Heard Island|HN Honduras|HR Croatia|HT Haiti|HU Hungary|ID Indonesia|IE Ireland|IL Israel|"
    "IM Isle of Man|IN India|IO British Indian Ocean Territory|IQ Iraq|IR Iran|IS Iceland|IT Italy;Italia|JE Jersey|"
    "JM Jamaica|JO Jordan|JP Japan|KE Kenya|KG Kyrgyzstan|KH Cambodia|KI Kiribati|KM Comoros|"
    "KN Saint Kitts and Nevis|KP North Korea|KR South Korea;Korea;Republic of Korea|KW Kuwait|KY Cayman Islands|"
    "KZ Kazakhstan|LA Laos|LB Lebanon|LC Saint Lucia|LI Liechtenstein|LK Sri Lanka|LR Liberia|LS Lesotho|"
    "LT Lithuania|LU Luxembourg|LV Latvia|LY Libya|MA Morocco|MC Monaco|MD Moldova|ME Montenegro|MF Saint Martin|"
    "MG Madagascar|MH Marshall Islands|MK North Macedonia;Macedonia|ML Mali|MM Myanmar|MN Mongolia|MO Macao;Macau|"
    "MP Northern Mariana Islands|MQ Martinique|MR Mauritania|MS Montserrat|MT Malta|MU Mauritius|MV Maldives|"
    "MW Malawi|MX Mexico;México|MY Malaysia|MZ Mozambique|NA Namibia|NC New Caledonia|NE Niger|NF Norfolk Island|"
    "NG Nigeria|NI Nicaragua|NL Netherlands;The Netherlands;Nederland;Holland|NO Norway;Norge|NP Nepal|NR Nauru|"
    "NU Niue|NZ New Zealand|OM Oman|PA Panama|PE Peru|PF French Polynesia|PG Papua New Guinea|PH Philippines|"
    "PK Pakistan|PL Poland;Polska|PM Saint Pierre and Miquelon|PN Pitcairn|PR Puerto Rico|PS Palestine|PT Portugal|"
    "PW Palau|PY Paraguay|QA Qatar|RE Réunion|RO Romania|RS Serbia|RU Russia;Russian Federation|RW Rwanda|"
    "SA Saudi Arabia|SB Solomon Islands|SC Seychelles|SD Sudan|SE Sweden;Sverige|SG Singapore|SH Saint Helena|"
    "SI Slovenia|SJ Svalbard|SK Slovakia|SL Sierra Leone|SM San Marino|SN Senegal|SO Somalia|SR Suriname|"
    "SS South Sudan|ST São Tomé and Príncipe|SV El Salvador|SX Sint Maarten|SY Syria|SZ Eswatini;Swaziland|"
    "TC Turks and Caicos Islands|TD Chad|TF French Southern Territories|TG Togo|TH Thailand|TJ Tajikistan|TK Tokelau|"
    "TL Timor-Leste|TM Turkmenistan|TN Tunisia|TO Tonga|TR Turkey;Türkiye|TT Trinidad and Tobago|TV Tuvalu|TW Taiwan|"
    "TZ Tanzania|UA Ukraine|UG Uganda|UM US Outlying Islands|US United States;USA;United States of America;America|"
    "UY Uruguay|UZ Uzbekistan|VA Vatican City|VC Saint Vincent and the Grenadines|VE Venezuela|"
    "VG British Virgin Islands|VI US Virgin Islands|VN Vietnam;Viet Nam|VU Vanuatu|WF Wallis and Futuna|WS Samoa|"
    "XK Kosovo|YE Yemen|YT Mayotte|ZA South Africa|ZM Zambia|ZW Zimbabwe"
)
_REGIONS = {
    "US": (
        "AL Alabama;Ala|AK Alaska;Alas|AZ Arizona;Ariz|AR Arkansas;Ark|CA California;Calif;Cal|CO Colorado;Colo|"
        "CT Connecticut;Conn|DE Delaware;Del|DC District of Columbia;Washington DC;Washington D C;DC|FL Florida;Fla|"
        "GA Georgia|HI Hawaii|ID Idaho|IL Illinois;Ill|IN Indiana;Ind|IA Iowa|KS Kansas;Kans;Kan|KY Kentucky;Ken|"
        "LA Louisiana|ME Maine|MD Maryland|MA Massachusetts;Mass|MI Michigan;Mich|MN Minnesota;Minn|"
        "MS Mississippi;Miss|MO Missouri|MT Montana;Mont|NE Nebraska;Nebr;Neb|NV Nevada;Nev|"
        "NH New Hampshire;N Hampshire|NJ New Jersey;N Jersey|NM New Mexico;N Mexico|"
        "NY New York;New York State;N York|NC North Carolina;N Carolina;No Carolina|ND North Dakota;N Dakota|OH Ohio|"
        "OK Oklahoma;Okla|OR Oregon;Ore|PA Pennsylvania;Penn;Penna|PR Puerto Rico|RI Rhode Island|"
        "SC South Carolina;S Carolina;So Carolina|SD South Dakota;S Dakota|TN Tennessee;Tenn|TX Texas;Tex|UT Utah|"
        "VT Vermont|VA Virginia;Virg|WA Washington;Wash;Washington State|WV West Virginia;W Virginia;W Va|"
        "WI Wisconsin;Wis;Wisc|WY Wyoming;Wyo|GU Guam|VI Virgin Islands;US Virgin Islands|AS American Samoa|"
        "MP Northern Mariana Islands|AA Armed Forces Americas|AE Armed Forces Europe|AP Armed Forces Pacific"
    ),
    "CA": (
        "AB Alberta|BC British Columbia|MB Manitoba|NB New Brunswick|NL Newfoundland and Labrador;Newfoundland|"
        "NS Nova Scotia|NT Northwest Territories|NU Nunavut|ON Ontario|PE Prince Edward Island|QC Quebec;Québec;PQ|"
        "SK Saskatchewan|YT Yukon;Yukon Territory"
    ),
    "AU": (
        "NSW New South Wales|VIC Victoria|QLD Queensland|WA Western Australia|SA South Australia|TAS Tasmania|"
        "ACT Australian Capital Territory|NT Northern Territory"
    ),
    "BR": (
        "AC Acre|AL Alagoas|AP Amapá|AM Amazonas|BA Bahia|CE Ceará|DF Distrito Federal|ES Espírito Santo|GO Goiás|"
        "MA Maranhão|MT Mato Grosso|MS Mato Grosso do Sul|MG Minas Gerais|PA Pará|PB Paraíba|PR Paraná|PE Pernambuco|"
        "PI Piauí|RJ Rio de Janeiro|RN Rio Grande do Norte|RS Rio Grande do Sul|RO Rondônia|RR Roraima|"
        "SC Santa Catarina|SP São Paulo|SE Sergipe|TO Tocantins"
    ),
    "IN": (
        "AN Andaman and Nicobar;Andaman and Nicobar Islands|AP Andhra Pradesh|AR Arunachal Pradesh|AS Assam|BR Bihar|"
        "CH Chandigarh|CT Chhattisgarh;CG|"
        "DH Dadra and Nagar Haveli and Daman and Diu;Dadra and Nagar Haveli;Daman and Diu|DL Delhi;New Delhi|GA Goa|"
        "GJ Gujarat|HP Himachal Pradesh|HR Haryana|JH Jharkhand|JK Jammu and Kashmir|KA Karnataka|KL Kerala|"
        "LA Ladakh|LD Lakshadweep|MH Maharashtra|ML Meghalaya|MN Manipur|MP Madhya Pradesh|MZ Mizoram|NL Nagaland|"
        "OR Odisha;Orissa;OD|PB Punjab|PY Puducherry;Pondicherry|RJ Rajasthan;Rajsthan;Rajshthan|SK Sikkim|"
        "TG Telangana;TS|TN Tamil Nadu;Tamilnadu|TR Tripura|UP Uttar Pradesh|UT Uttarakhand;Uttaranchal;UK|"
        "WB West Bengal"
    ),
}
_SEPARATORS = re.compile(r"[\s.,'\u2019_/-]+")
_ACCENTS = str.maketrans("áàâãäåçéèêëíìîïñóòôõöøúùûü", "aaaaaaceeeeiiiinoooooouuuu")


def _word(text: str) -> str:
    """Spelling without case, accents and punctuation."""
    return _SEPARATORS.sub(" ", text.casefold().translate(_ACCENTS).replace("&", " and ")).strip()


def _table(listed: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for entry in listed.split("|"):
        code, _, names = entry.partition(" ")
        found[code.lower()] = code
        for name in names.split(";"):
            found[_word(name)] = code
            found[_word(name).replace(" ", "")] = code
    return found


_COUNTRY_CODES = _table(_COUNTRIES)
COUNTRIES = frozenset(_COUNTRY_CODES.values())
"""The codes of ISO 3166-1 alpha-2, and XK."""
_REGION_CODES = {country: _table(listed) for country, listed in _REGIONS.items()}


@lru_cache(4096)
def country_code(text: str, default: str = "") -> str:
    """The ISO code of a country by code or name; an unknown name stays as it is, for a person to see."""
    plain = text.strip()
    if not plain:
        return default
    return _COUNTRY_CODES.get(_word(plain)) or plain


@lru_cache(4096)
def region_code(text: str, country: str) -> str:
    """The code of a state or province however it is spelled; where it is not known, the text in upper case."""
    plain = text.strip()
    if not plain:
        return ""
    known = _REGION_CODES.get(country)
    if known is not None:
        word = _word(plain)
        code = known.get(word) or known.get(word.replace(" ", ""))
        if code is not None:
            return code
    head, _, tail = plain.partition("-")
    if tail and head.upper() == country:
        return region_code(tail, country)
    return plain.upper()
