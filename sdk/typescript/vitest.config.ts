// SPDX-License-Identifier: Apache-2.0
import { defineConfig } from "vitest/config";

export default defineConfig({
	test: {
		projects: [
			{ test: { name: "unit", include: ["tests/unit/*.test.ts"], testTimeout: 30_000 } },
			{
				test: {
					name: "e2e",
					include: ["tests/e2e/*.test.ts"],
					globalSetup: "tests/e2e/setup.ts",
					testTimeout: 180_000,
					hookTimeout: 180_000,
				},
			},
		],
	},
});
