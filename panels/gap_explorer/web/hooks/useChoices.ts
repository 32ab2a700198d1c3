import { DEFAULT_CHOICES, type Choices } from "../contract.gen";
import { useKept } from "../../../web/shared/useKept";

/** What the person chose in the Gap Explorer. */
export const useChoices = (dataset: string): [Choices, (patch: Partial<Choices>) => void] =>
  useKept("gap_explorer", dataset, DEFAULT_CHOICES);
