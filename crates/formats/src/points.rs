// SPDX-License-Identifier: Apache-2.0
//! The checks of a point, with the point's name in every refusal.

use crate::FormatError;
use ark_ec::short_weierstrass::{Affine, SWCurveConfig};
use ark_ff::Zero;

/// A point from its coordinates; `(0, 0)` stands for the identity.
pub(crate) fn from_coordinates<C: SWCurveConfig>(
	x: C::BaseField,
	y: C::BaseField,
	point: &str,
) -> Result<Affine<C>, FormatError> {
	if x.is_zero() && y.is_zero() {
		return Err(FormatError::Identity { point: point.into() });
	}
	let affine = Affine::<C>::new_unchecked(x, y);
	if !affine.is_on_curve() {
		return Err(FormatError::NotOnCurve { point: point.into() });
	}
	in_subgroup(affine, point)
}

/// A point from `x` and whether `y` is the larger one of `y` and `-y`. Elements of Fp2 compare by
/// their imaginary parts first; gnark and arkworks agree in that.
pub(crate) fn from_x<C: SWCurveConfig>(
	x: C::BaseField,
	larger: bool,
	point: &str,
) -> Result<Affine<C>, FormatError> {
	let affine = Affine::<C>::get_point_from_x_unchecked(x, larger)
		.ok_or_else(|| FormatError::NotOnCurve { point: point.into() })?;
	in_subgroup(affine, point)
}

fn in_subgroup<C: SWCurveConfig>(affine: Affine<C>, point: &str) -> Result<Affine<C>, FormatError> {
	if affine.is_in_correct_subgroup_assuming_on_curve() {
		Ok(affine)
	} else {
		Err(FormatError::NotInSubgroup { point: point.into() })
	}
}
