// SPDX-License-Identifier: Apache-2.0
//! Amounts as people write them.

use core::str::FromStr;
use pvs_primitives::Balance;

/// Name of whole tokens on every chain.
const DEFAULT_SYMBOL: &str = "UNIT";

/// The chain's native token, as its properties name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
	/// Digits after the decimal point of one whole token; 0 to 30.
	pub decimals: u32,
	/// The token's name.
	pub symbol: String,
}

impl Default for Token {
	/// 12 decimals and `UNIT`, as Substrate chains without properties have it.
	fn default() -> Self {
		Self { decimals: 12, symbol: DEFAULT_SYMBOL.into() }
	}
}

impl Token {
	/// An amount rounded down to four digits after the point, for tables.
	pub fn show_short(&self, planck: Balance) -> String {
		let kept = 10u128.saturating_pow(self.decimals.saturating_sub(4));
		self.show(planck.saturating_sub(planck.checked_rem(kept).unwrap_or(0)))
	}

	/// An amount with its symbol: whole tokens, and as many digits after the point as it has.
	pub fn show(&self, planck: Balance) -> String {
		let Some(unit) = 10u128.checked_pow(self.decimals) else {
			return format!("{planck} planck");
		};
		let (whole, rest) = (planck / unit, planck % unit);
		if rest == 0 {
			return format!("{whole} {}", self.symbol);
		}
		let digits = format!("{rest:0width$}", width = self.decimals as usize);
		format!("{whole}.{} {}", digits.trim_end_matches('0'), self.symbol)
	}
}

/// An amount on a command line: `1.5 UNIT` is whole tokens, `2000 planck` the smallest unit. The
/// chain's own symbol stands for `UNIT` as well. Only 0 needs no unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Amount {
	/// In planck.
	Planck(Balance),
	/// In whole tokens: the digits before the point, and those after it.
	Tokens {
		/// Digits before the point.
		whole: u128,
		/// Digits after the point, as written.
		fraction: String,
		/// The unit, in capitals.
		unit: String,
	},
}

/// An amount that cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
	/// It is not a number with a unit.
	#[error("`{0}` is no amount; write whole tokens as in `1.5 UNIT`, the smallest unit as in `2000 planck`")]
	Malformed(String),
	/// It is a number, and may mean one thing or a million million times as much.
	#[error("`{0}` has no unit; write `{0} UNIT` for whole tokens, or the smallest unit as in `2000 planck`")]
	NoUnit(String),
	/// The chain's token has another name.
	#[error("this chain's token is {symbol}, not {unit}; write amounts in {symbol} or UNIT")]
	OtherUnit {
		/// The unit as given, in capitals.
		unit: String,
		/// The token's name.
		symbol: String,
	},
	/// It has more digits than the token, or does not fit.
	#[error("the amount has more digits than the chain's token ({0} after the point) can hold")]
	OutOfRange(u32),
}

impl FromStr for Amount {
	type Err = AmountError;

	fn from_str(text: &str) -> Result<Self, Self::Err> {
		let malformed = || AmountError::Malformed(text.into());
		let upper = text.trim().to_ascii_uppercase();
		let digits = upper.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
		let unit = upper.get(digits.len()..).ok_or_else(malformed)?;
		let number = digits.trim().replace('_', "");
		if unit == "PLANCK" {
			return number.parse().map(Amount::Planck).map_err(|_| malformed());
		}
		let (whole, fraction) = number.split_once('.').unwrap_or((&number, ""));
		if !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
			return Err(malformed());
		}
		let whole = whole.parse().map_err(|_| malformed())?;
		match (unit, whole) {
			("", 0) if fraction.bytes().all(|digit| digit == b'0') => Ok(Amount::Planck(0)),
			("", _) => Err(AmountError::NoUnit(digits.trim().into())),
			_ => Ok(Amount::Tokens { whole, fraction: fraction.into(), unit: unit.into() }),
		}
	}
}

impl Amount {
	/// The amount in planck. Fails if it is in another token, or has more digits than the token.
	pub fn planck(&self, token: &Token) -> Result<Balance, AmountError> {
		let out_of_range = AmountError::OutOfRange(token.decimals);
		let (whole, fraction) = match self {
			Amount::Planck(planck) => return Ok(*planck),
			Amount::Tokens { whole, fraction, unit } => {
				if unit != DEFAULT_SYMBOL && !unit.eq_ignore_ascii_case(&token.symbol) {
					let (unit, symbol) = (unit.clone(), token.symbol.clone());
					return Err(AmountError::OtherUnit { unit, symbol });
				}
				(*whole, fraction.trim_end_matches('0'))
			},
		};
		let missing = (token.decimals as usize)
			.checked_sub(fraction.len())
			.and_then(|missing| u32::try_from(missing).ok());
		let Some(missing) = missing else { return Err(out_of_range) };
		let part: u128 = if fraction.is_empty() {
			0
		} else {
			fraction.parse().map_err(|_| AmountError::OutOfRange(token.decimals))?
		};
		10u128
			.checked_pow(token.decimals)
			.and_then(|unit| whole.checked_mul(unit))
			.zip(10u128.checked_pow(missing).and_then(|unit| part.checked_mul(unit)))
			.and_then(|(whole, part)| whole.checked_add(part))
			.ok_or(out_of_range)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn planck(text: &str) -> Result<Balance, AmountError> {
		text.parse::<Amount>()?.planck(&Token::default())
	}

	#[test]
	fn amount_should_be_read_in_both_units() {
		assert_eq!(planck("17 planck"), Ok(17));
		assert_eq!(planck("1_000 planck"), Ok(1000));
		assert_eq!(planck("2000planck"), Ok(2000));
		assert_eq!(planck("1.5 UNIT"), Ok(1_500_000_000_000));
		assert_eq!(planck("2unit"), Ok(2_000_000_000_000));
		assert_eq!(planck("0.000000000001 UNIT"), Ok(1));
		assert_eq!(planck("1.0000000000000000 UNIT"), Ok(1_000_000_000_000));
	}

	#[test]
	fn amount_should_be_refused_when_it_is_no_number_or_does_not_fit() {
		for text in ["", "UNIT", "-1", "1,5 UNIT", "1.-5 UNIT", "one UNIT", ".5 UNIT", "1.5 planck"]
		{
			assert!(matches!(planck(text), Err(AmountError::Malformed(_))), "{text}");
		}
		assert_eq!(planck("0.0000000000001 UNIT"), Err(AmountError::OutOfRange(12)));
		assert_eq!(planck(&format!("{} UNIT", u128::MAX)), Err(AmountError::OutOfRange(12)));
	}

	/// Finding R13: `--fee 2` meant 2 planck.
	#[test]
	fn amount_should_be_refused_with_both_spellings_when_it_has_no_unit() {
		for text in ["2", "1.5", "1_000", "340282366920938463463374607431768211455"] {
			let error = planck(text).unwrap_err();
			assert_eq!(error, AmountError::NoUnit(text.into()));
			let said = error.to_string();
			assert!(said.contains(&format!("`{text} UNIT`")), "{said}");
			assert!(said.contains("`2000 planck`"), "{said}");
		}
		for nothing in ["0", "0.0", "0 UNIT", "0 planck"] {
			assert_eq!(planck(nothing), Ok(0), "{nothing}");
		}
	}

	#[test]
	fn amount_should_be_read_in_the_token_of_the_chain_only() {
		let token = Token { decimals: 3, symbol: "Pvs".into() };
		let planck = |text: &str| text.parse::<Amount>().unwrap().planck(&token);
		assert_eq!(planck("1.5 pvs"), Ok(1500));
		assert_eq!(planck("1.5 UNIT"), Ok(1500));
		let error = planck("1.5 DOT").unwrap_err();
		assert_eq!(error, AmountError::OtherUnit { unit: "DOT".into(), symbol: "Pvs".into() });
	}

	#[test]
	fn amount_should_be_shown_without_needless_zeros() {
		let token = Token::default();
		assert_eq!(token.show(0), "0 UNIT");
		assert_eq!(token.show(1_500_000_000_000), "1.5 UNIT");
		assert_eq!(token.show(1), "0.000000000001 UNIT");
		assert_eq!(token.show(7_000_000_000_000), "7 UNIT");
		assert_eq!(token.show_short(2_572_428_571_428), "2.5724 UNIT");
		assert_eq!(token.show_short(7_000_000_000_001), "7 UNIT");
	}
}
